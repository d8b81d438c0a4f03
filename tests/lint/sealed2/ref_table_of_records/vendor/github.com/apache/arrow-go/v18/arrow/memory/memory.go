package memory

type Allocator interface {
	Allocate(size int) []byte
	Free(b []byte)
}
