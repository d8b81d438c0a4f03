package main

import (
	"errors"
	"strconv"
)

const expectedTitle = "Race odds"

var errCancelled = errors.New("the race is cancelled")

// title is the text of the first <title> element.
func (d document) title() string {
	title := ""
	d.root().visit(func(element node) bool {
		if element.name() == "title" {
			title = element.firstChild().text()
		}
		return title == ""
	})
	return title
}

// odds is the number in every <td>, in the page's order.
func (d document) odds() []float64 {
	var odds []float64
	d.root().visit(func(element node) bool {
		if element.name() == "td" {
			if odd, err := strconv.ParseFloat(element.firstChild().text(), 64); err == nil {
				odds = append(odds, odd)
			}
		}
		return true
	})
	return odds
}

// visit calls see for the node, its siblings after it and all below, in the page's order, while see says true.
func (n node) visit(see func(node) bool) bool {
	for ; n.exists(); n = n.next() {
		if !see(n) || !n.firstChild().visit(see) {
			return false
		}
	}
	return true
}
