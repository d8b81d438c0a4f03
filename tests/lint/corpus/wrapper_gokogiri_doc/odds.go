package odds

import (
	"fmt"
	"strconv"

	"github.com/moovweb/gokogiri"
)

type Odd struct {
	Team  string
	Price float64
}

// Parse reads one page of odds.
func Parse(page []byte) ([]Odd, error) {
	doc, err := gokogiri.ParseHtml(page)
	if err != nil {
		return nil, fmt.Errorf("odds: %w", err)
	}
	nodes, err := doc.Search("//tr[@class='odd']")
	if err != nil {
		return nil, err
	}
	var out []Odd
	for _, n := range nodes {
		price, err := strconv.ParseFloat(n.Attr("price"), 64)
		if err != nil {
			continue
		}
		out = append(out, Odd{n.Content(), price})
	}
	return out, nil
}
