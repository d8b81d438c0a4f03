package topicbroker

import (
	"sync"
)

// Message is what publishers send.
type Message struct {
	Topic   string
	Key     string
	Payload []byte
}

type subscription struct {
	topic string
	queue chan Message
}

// Broker hands messages to those who subscribed to the topic.
type Broker struct {
	mu   sync.RWMutex
	next int
	subs map[int]*subscription
}

// NewBroker makes a broker without subscribers.
func NewBroker() *Broker {
	return &Broker{subs: make(map[int]*subscription)}
}

// Subscribe calls handle for the messages of the topic until the returned function is called.
func (b *Broker) Subscribe(topic string, handle func(Message)) (cancel func()) {
	sub := &subscription{topic: topic, queue: make(chan Message, 128)}
	b.mu.Lock()
	id := b.next
	b.next++
	b.subs[id] = sub
	b.mu.Unlock()
	go sub.run(handle)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs, id)
	}
}

func (s *subscription) run(handle func(Message)) {
	for m := range s.queue {
		handle(m)
	}
}

// Publish hands m to the subscribers and says how many had room for it.
func (b *Broker) Publish(m Message) (taken int) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, s := range b.subs {
		if s.topic != m.Topic {
			continue
		}
		select {
		case s.queue <- m:
			taken++
		default:
		}
	}
	return taken
}
