package render

import (
	"bytes"
	"crypto/sha1"
	"html/template"
	"sync"
)

type Renderer struct {
	tmpl  *template.Template
	cache sync.Map
}

func New(t *template.Template) *Renderer { return &Renderer{tmpl: t} }

func (r *Renderer) HTML(text string) (string, error) {
	key := sha1.Sum([]byte(text))
	if v, ok := r.cache.Load(key); ok {
		return v.(string), nil
	}
	var out bytes.Buffer
	if err := r.tmpl.Execute(&out, text); err != nil {
		return "", err
	}
	r.cache.Store(key, out.String())
	return out.String(), nil
}
