package cobj

// Larger gives the larger one's value.
func Larger(a, b *Object) int {
	a.Ref()
	b.Ref()
	if a.Value() > b.Value() {
		v := a.Value()
		b.Unref()
		return v
	}
	v := b.Value()
	a.Unref()
	return v
}
