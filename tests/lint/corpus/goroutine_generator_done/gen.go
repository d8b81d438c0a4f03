package gen

func Numbers(done <-chan struct{}, from int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
	counting:
		for n := from; ; n++ {
			select {
			case out <- n:
			case <-done:
				break counting
			}
		}
	}()
	return out
}

// FirstSquareAbove leaves nothing behind.
func FirstSquareAbove(limit int) int {
	done := make(chan struct{})
	defer close(done)
	for n := range Numbers(done, 0) {
		if n*n > limit {
			return n
		}
	}
	return 0
}

func Pairs(limit int) (out [][2]int) {
	a := make(chan int)
	go func() {
		for i := 0; i < limit; i++ {
			a <- i
		}
		close(a)
	}()
	for x := range a {
		out = append(out, [2]int{x, x + 1})
	}
	return out
}
