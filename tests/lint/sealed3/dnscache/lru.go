package dnscache

import "container/list"

type item[K comparable, V any] struct {
	key   K
	value V
}

type lru[K comparable, V any] struct {
	room  int
	order *list.List
	where map[K]*list.Element
}

func newLRU[K comparable, V any](room int) *lru[K, V] {
	return &lru[K, V]{room: room, order: list.New(), where: make(map[K]*list.Element)}
}

func (l *lru[K, V]) get(key K) (v V, ok bool) {
	e, ok := l.where[key]
	if !ok {
		return v, false
	}
	l.order.MoveToFront(e)
	return e.Value.(*item[K, V]).value, true
}

func (l *lru[K, V]) put(key K, value V) {
	if e, ok := l.where[key]; ok {
		e.Value.(*item[K, V]).value = value
		l.order.MoveToFront(e)
		return
	}
	l.where[key] = l.order.PushFront(&item[K, V]{key, value})
	for l.order.Len() > l.room {
		l.evict(l.order.Back())
	}
}

func (l *lru[K, V]) evict(e *list.Element) {
	gone := l.order.Remove(e).(*item[K, V])
	delete(l.where, gone.key)
}
