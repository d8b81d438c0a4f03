package feedimport

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Product is one line of a merchant's feed.
type Product struct {
	Line  int
	SKU   string
	Title string
	Cents int64
}

// Item is a product or the reason why there is none.
type Item struct {
	Product
	Err error
}

// Parse reads the feed in the background.
func Parse(r io.Reader) <-chan Item {
	items := make(chan Item, 16)
	go func() {
		defer close(items)
		lines := bufio.NewScanner(r)
		for n := 1; lines.Scan(); n++ {
			p, err := parseLine(lines.Text())
			p.Line = n
			items <- Item{Product: p, Err: err}
		}
		if err := lines.Err(); err != nil {
			items <- Item{Err: err}
		}
	}()
	return items
}

func parseLine(line string) (p Product, err error) {
	cells := strings.Split(line, "\t")
	if len(cells) != 3 {
		return p, fmt.Errorf("%d cells instead of 3", len(cells))
	}
	p.SKU, p.Title = cells[0], cells[1]
	p.Cents, err = strconv.ParseInt(cells[2], 10, 64)
	return p, err
}
