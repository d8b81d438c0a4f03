package chat

import "net"

// Hub owns the set of connections; only run touches it.
type Hub struct {
	clients    map[*Conn]bool
	broadcast  chan []byte
	register   chan *Conn
	unregister chan *Conn
	done       chan struct{}
}

func NewHub() *Hub {
	h := &Hub{
		clients:    map[*Conn]bool{},
		broadcast:  make(chan []byte),
		register:   make(chan *Conn),
		unregister: make(chan *Conn),
		done:       make(chan struct{}),
	}
	go h.run()
	return h
}

func (h *Hub) Close() { close(h.done) }

func (h *Hub) Add(conn net.Conn) {
	c := &Conn{conn: conn, send: make(chan []byte, 16), hub: h}
	h.register <- c
	go c.writePump()
}

func (h *Hub) Remove(c *Conn) {
	select {
	case h.unregister <- c:
	case <-h.done:
	}
}

func (h *Hub) run() {
	for {
		select {
		case c := <-h.register:
			h.clients[c] = true
		case c := <-h.unregister:
			if h.clients[c] {
				delete(h.clients, c)
				close(c.send)
			}
		case m := <-h.broadcast:
			for c := range h.clients {
				select {
				case c.send <- m:
				default:
					close(c.send)
					delete(h.clients, c)
				}
			}
		case <-h.done:
			for c := range h.clients {
				close(c.send)
				delete(h.clients, c)
			}
			return
		}
	}
}
