package ccodec

type Cache struct {
	byLevel map[int]Sizer
}

func (k *Cache) Size(level, n int) (int, error) {
	c, ok := k.byLevel[level]
	if !ok {
		made, err := Open(level)
		if err != nil {
			return 0, err
		}
		if k.byLevel == nil || len(k.byLevel) == 8 {
			k.Close()
			k.byLevel = map[int]Sizer{}
		}
		k.byLevel[level] = made
		c = made
	}
	return c.Size(n), nil
}

func (k *Cache) Close() {
	for _, c := range k.byLevel {
		c.Close()
	}
	k.byLevel = nil
}
