package tree

import "io"

func Min(vs []int) int {
	var t Tree
	defer closeQuietly(&t)
	for _, v := range vs {
		t.Insert(v)
	}
	n := t.Root()
	for {
		l, ok := n.Left()
		if !ok {
			return n.Value()
		}
		n = l
	}
}

func closeQuietly(c io.Closer) { _ = c.Close() }
