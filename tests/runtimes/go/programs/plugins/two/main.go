package main

type Two struct {
	Number int
	Body   []byte
}

var two []*Two

// Keep is what the host calls.
func Keep(count int) {
	for i := 0; i < count; i++ {
		two = append(two, &Two{Number: i, Body: make([]byte, 1024)})
	}
}

func main() {}
