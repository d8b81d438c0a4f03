package mqttbridge

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"
)

// Message is one publication.
type Message struct {
	Topic   string
	Payload []byte
	QoS     byte
}

// Subscriber is the side that messages come from.
type Subscriber interface {
	Subscribe(ctx context.Context, filter string) (<-chan Message, error)
}

// Publisher is the side that messages go to.
type Publisher interface {
	Publish(ctx context.Context, m Message) error
}

// ErrSilent is returned when the broker has said nothing for too long.
var ErrSilent = errors.New("mqttbridge: broker is silent")

// Bridge copies messages from one broker to another.
type Bridge struct {
	From   Subscriber
	To     Publisher
	Prefix string
	Idle   time.Duration
}

// Run copies until ctx is done or the source falls silent.
func (b *Bridge) Run(ctx context.Context, filter string) error {
	idle := b.Idle
	if idle == 0 {
		idle = 30 * time.Minute
	}
	messages, err := b.From.Subscribe(ctx, filter)
	if err != nil {
		return fmt.Errorf("subscribe %s: %w", filter, err)
	}
	for {
		select {
		case m, ok := <-messages:
			if !ok {
				return nil
			}
			if err := b.copy(ctx, m); err != nil {
				log.Printf("message on %s is dropped: %v", m.Topic, err)
			}
		case <-time.After(idle):
			return ErrSilent
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (b *Bridge) copy(ctx context.Context, m Message) error {
	if strings.HasPrefix(m.Topic, "$SYS/") {
		return nil
	}
	m.Topic = b.Prefix + m.Topic
	return b.To.Publish(ctx, m)
}
