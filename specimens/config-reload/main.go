// Config-reload reads its table again every few seconds and adds the rows to those it has: a stair for ever. The
// twin replaces the table, whose rows double once, at a reload some seconds after READY: one step.
package main

import (
	"flag"

	"example.org/specimens/internal/stage"
)

const (
	rowBytes    = 1024
	rows        = 8 << 10 // 8 MiB
	lookups     = 5000    // from one reload to the next
	answerBytes = 16 << 10
)

func main() {
	step := flag.Int("step", 3, "the twin's table doubles at the `N`th reload after READY")
	run := stage.Open(0.2, "`RELOADS` per second, and 5000 times as many lookups")
	table, asked, reloads := load(rows), 0, 0
	lookUp := func() {
		answer(table[asked%len(table)])
		if asked++; asked%lookups > 0 {
			return
		}
		fresh := load(rows)
		if !run.Twin {
			table = append(table, fresh...)
			return
		}
		if reloads++; reloads >= *step {
			fresh = append(fresh, load(rows)...)
		}
		table = fresh
	}
	perSecond := run.Rate * lookups
	run.WarmUp(perSecond, func() bool { return asked >= 4*lookups }, func() {
		answer(table[asked%len(table)])
		if asked++; asked%lookups == 0 {
			table = load(rows)
		}
	})
	asked = 0
	run.Ready()
	run.Pace(perSecond, lookUp)
}

// load is the table as its file has it.
func load(rows int) [][]byte {
	table := make([][]byte, rows)
	for number := range table {
		row := make([]byte, rowBytes)
		for at := range row {
			row[at] = byte(number + at)
		}
		table[number] = row
	}
	return table
}

var sent []byte // the last answer: one that nobody could see would not be on the heap

func answer(row []byte) {
	sent = make([]byte, answerBytes)
	for at := 0; at < len(sent); at += len(row) {
		copy(sent[at:], row)
	}
}
