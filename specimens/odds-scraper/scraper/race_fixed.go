//go:build fixed

package main

// raceOdds is all odds on the page, or errCancelled.
func raceOdds(page []byte) ([]float64, error) {
	document, err := readDocument(page)
	if err != nil {
		return nil, err
	}
	defer document.free()
	if document.title() != expectedTitle {
		return nil, errCancelled
	}
	return document.odds(), nil
}
