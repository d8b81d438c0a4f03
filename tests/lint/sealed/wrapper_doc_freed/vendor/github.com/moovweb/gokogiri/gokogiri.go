// Package gokogiri holds the names of the binding, without libxml2.
package gokogiri

import (
	"github.com/moovweb/gokogiri/html"
	"github.com/moovweb/gokogiri/xml"
)

func ParseHtml(content []byte) (*html.HtmlDocument, error) {
	return &html.HtmlDocument{XmlDocument: &xml.XmlDocument{}}, nil
}

func ParseXml(content []byte) (*xml.XmlDocument, error) { return &xml.XmlDocument{}, nil }
