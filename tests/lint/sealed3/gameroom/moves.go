package gameroom

import "fmt"

// Move changes the board.
type Move func(b *Board, player string, args []int) error

var moves = map[string]Move{}

// Register makes a move known; games do it when the program starts.
func Register(name string, m Move) {
	if _, ok := moves[name]; ok {
		panic("move is registered twice: " + name)
	}
	moves[name] = m
}

func init() {
	Register("place", func(b *Board, player string, args []int) error {
		if len(args) != 1 || args[0] < 0 || args[0] >= len(b.Cells) {
			return fmt.Errorf("no such cell: %v", args)
		}
		b.Cells[args[0]] = player
		return nil
	})
	Register("pass", func(*Board, string, []int) error { return nil })
}
