package titles

import (
	"errors"

	"github.com/moovweb/gokogiri"
	"github.com/moovweb/gokogiri/html"
)

var ErrNone = errors.New("titles: none")

func load(page []byte) (*html.HtmlDocument, error) {
	doc, err := gokogiri.ParseHtml(page)
	if err != nil {
		return nil, err
	}
	return doc, nil
}

func visit(page []byte, do func(*html.HtmlDocument) error) error {
	doc, err := load(page)
	if err != nil {
		return err
	}
	defer doc.Free()
	return do(doc)
}

func Title(page []byte) (title string, err error) {
	err = visit(page, func(d *html.HtmlDocument) error {
		nodes, err := d.Search("//title")
		if err != nil {
			return err
		}
		if len(nodes) == 0 {
			return ErrNone
		}
		title = nodes[0].Content()
		return nil
	})
	return title, err
}

func Count(page []byte, path string) int {
	doc, err := gokogiri.ParseHtml(page)
	if err != nil {
		return 0
	}
	nodes, _ := doc.Search(path)
	n := len(nodes)
	doc.Free()
	return n
}
