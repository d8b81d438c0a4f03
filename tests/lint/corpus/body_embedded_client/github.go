package forge

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

type Forge struct {
	*http.Client
	Base string
}

var (
	ErrMissing = errors.New("forge: missing")
	ErrServer  = errors.New("forge: server")
)

func (f *Forge) raw(path string) (body io.ReadCloser, err error) {
	resp, err := f.Get(f.Base + path)
	if err != nil {
		return
	}
	switch code := resp.StatusCode; {
	case code == http.StatusNotFound:
		resp.Body.Close()
		err = ErrMissing
		return
	case code >= 500:
		err = errors.Join(ErrServer, resp.Body.Close())
		return
	}
	body = resp.Body
	return
}

type Repo struct {
	Name  string
	Stars int
}

func (f *Forge) Repo(name string) (repo Repo, err error) {
	body, err := f.raw("/repos/" + name)
	if err != nil {
		return
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	err = json.NewDecoder(body).Decode(&repo)
	return
}

func (f *Forge) Exists(name string) (bool, error) {
	var resp *http.Response
	var err error
	if resp, err = f.Head(f.Base + "/repos/" + name); err != nil {
		return false, err
	}
	if err = resp.Body.Close(); err != nil {
		goto failed
	}
	return resp.StatusCode == 200, nil
failed:
	return false, err
}
