package packcache

import "sync"

var inUse sync.Map

func lockFor(path string) *sync.Mutex {
	m, _ := inUse.LoadOrStore(path, new(sync.Mutex))
	return m.(*sync.Mutex)
}

func exclusively(path string, do func() error) error {
	m := lockFor(path)
	m.Lock()
	defer m.Unlock()
	return do()
}
