package rest

import "net/http"

type User struct {
	Name string
	Mail string
}

type Users struct {
	Base string
}

func (u Users) Get(name string) (User, error) {
	resp, err := http.Get(u.Base + "/" + name)
	if err != nil {
		return User{}, err
	}
	return decode[User](resp.Body)
}

func (u Users) All() ([]User, error) {
	resp := must(http.Get(u.Base))
	defer resp.Body.Close()
	return decode[[]User](resp.Body)
}
