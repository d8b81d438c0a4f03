// Substring-pile remembers a word of each document, and with the word the whole document: a substring shares its
// bytes. The twin remembers copies. Both keep as many words, of a dozen bytes each.
package main

import (
	"fmt"
	"strings"

	"example.org/specimens/internal/stage"
)

const (
	documentBytes = 32 << 10
	remembered    = 16 << 10 // words: 512 MiB of documents, which -max-leak ends before they are full
)

func main() {
	run := stage.Open(50, "`DOCUMENTS` of 32 KiB per second")
	words := make([]string, remembered)
	for at := range words {
		words[at] = fmt.Sprintf("word-%07d", at)
	}
	read := 0
	index := func() {
		word := title(document(read))
		if run.Twin {
			word = strings.Clone(word)
		}
		words[read%len(words)] = word
		read++
	}
	if run.Twin {
		run.WarmUp(run.Rate, nil, index)
	}
	run.Ready()
	run.Pace(run.Rate, index)
}

// document is where the bytes are allocated.
func document(number int) string {
	var text strings.Builder
	text.Grow(documentBytes)
	fmt.Fprintf(&text, "title: word-%07d\n", number)
	for text.Len() < documentBytes-64 {
		text.WriteString("a line of a document that nobody will look at again\n")
	}
	return text.String()
}

// title is the third word of a document.
func title(document string) string {
	line, _, _ := strings.Cut(document, "\n")
	_, word, _ := strings.Cut(line, " ")
	return word
}
