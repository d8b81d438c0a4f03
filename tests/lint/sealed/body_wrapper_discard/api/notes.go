package api

import (
	"encoding/json"
	"fmt"
)

type Note struct {
	ID   string
	Text string
}

func (a *API) Create(text string) (*Note, error) {
	resp, err := a.send("POST", "/notes", Note{Text: text})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var n Note
	return &n, json.NewDecoder(resp.Body).Decode(&n)
}

func (a *API) Delete(id string) error {
	resp, err := a.send("DELETE", "/notes/"+id, nil)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("delete %s: %s", id, resp.Status)
	}
	return nil
}

func (a *API) Touch(id string) error {
	_, err := a.send("POST", "/notes/"+id+"/touch", nil)
	return err
}
