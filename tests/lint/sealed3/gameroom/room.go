package gameroom

import (
	"context"
	"fmt"
	"sync"
)

// Board is what players see.
type Board struct {
	Cells [64]string
}

// Order is a move that a player wants to make.
type Order struct {
	Name string
	Args []int
}

// Player is at the other end of a connection.
type Player interface {
	Name() string
	Orders(ctx context.Context) <-chan Order
	Show(*Board) error
}

// Room is where players meet.
type Room struct {
	mu      sync.Mutex
	board   Board
	players map[string]Player
	wins    map[string]int
}

const remembered = 1000

// NewRoom makes an empty room.
func NewRoom() *Room {
	return &Room{players: map[string]Player{}, wins: map[string]int{}}
}

func (r *Room) enter(p Player) (leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := p.Name()
	if _, ok := r.players[name]; ok {
		return nil, fmt.Errorf("%s is here already", name)
	}
	r.players[name] = p
	return func() {
		r.mu.Lock()
		delete(r.players, name)
		r.mu.Unlock()
	}, nil
}

// Play lets p play until it goes.
func (r *Room) Play(ctx context.Context, p Player) error {
	leave, err := r.enter(p)
	if err != nil {
		return err
	}
	defer leave()
	for o := range p.Orders(ctx) {
		move, ok := moves[o.Name]
		if !ok {
			return fmt.Errorf("move %q is not known", o.Name)
		}
		if err := r.apply(move, p.Name(), o.Args); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (r *Room) apply(m Move, player string, args []int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := m(&r.board, player, args); err != nil {
		return err
	}
	for _, other := range r.players {
		if err := other.Show(&r.board); err != nil {
			return err
		}
	}
	return nil
}

// Won counts a win of the player.
func (r *Room) Won(player string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.wins) >= remembered {
		clear(r.wins)
	}
	r.wins[player]++
}
