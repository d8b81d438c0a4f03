package topics

import "sync"

type Topics struct {
	mu   sync.RWMutex
	subs map[string]map[chan string]struct{}
	last sync.Map
}

func New() *Topics { return &Topics{subs: make(map[string]map[chan string]struct{})} }

func (t *Topics) Join(topic string) (<-chan string, func()) {
	ch := make(chan string, 4)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.subs[topic] == nil {
		t.subs[topic] = make(map[chan string]struct{})
	}
	t.subs[topic][ch] = struct{}{}
	return ch, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.subs[topic], ch)
		if len(t.subs[topic]) == 0 {
			delete(t.subs, topic)
		}
	}
}

func (t *Topics) Publish(topic, text string) {
	t.last.Store(topic, text)
	t.mu.RLock()
	defer t.mu.RUnlock()
	for ch := range t.subs[topic] {
		select {
		case ch <- text:
		default:
		}
	}
}

func (t *Topics) Tidy(keep func(topic string) bool) {
	t.last.Range(func(k, _ any) bool {
		if !keep(k.(string)) {
			t.last.Delete(k)
		}
		return true
	})
}
