package main

type One struct {
	Number int
	Body   []byte
}

var one []*One

// Keep is what the host calls.
func Keep(count int) {
	for i := 0; i < count; i++ {
		one = append(one, &One{Number: i, Body: make([]byte, 1024)})
	}
}

func main() {}
