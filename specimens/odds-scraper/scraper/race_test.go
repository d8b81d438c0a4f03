package main

import (
	"errors"
	"slices"
	"testing"
)

func TestOddsAreReadInThePagesOrder(t *testing.T) {
	page := "<!DOCTYPE html><html><head><title>Race odds</title></head><body><table>" +
		"<tr><th>A<br><i>b</i></th><td>1.50</td><td>-</td></tr><tr><td>22.00</td></tr></table></body></html>"
	odds, err := raceOdds([]byte(page))
	if err != nil || !slices.Equal(odds, []float64{1.5, 22}) {
		t.Errorf("got %v, %v", odds, err)
	}
}

func TestACancelledRaceHasNoOdds(t *testing.T) {
	odds, err := raceOdds([]byte("<title>Race cancelled</title><table><tr><td>1.50</td></tr></table>"))
	if odds != nil || !errors.Is(err, errCancelled) {
		t.Errorf("got %v, %v", odds, err)
	}
}

func FuzzAnyPageGivesOddsOrAnError(f *testing.F) {
	for _, page := range []string{"", "<", "</", "<td", "<td>1</", "\x00<p><p></b>x", "<title><td>2</td></title>"} {
		f.Add([]byte(page))
	}
	f.Fuzz(func(t *testing.T, page []byte) {
		if odds, err := raceOdds(page); err != nil && odds != nil {
			t.Errorf("both odds and an error: %v, %v", odds, err)
		}
	})
}
