package matrix

// Trace gives the sum of the diagonal of m to the k-th power.
func Trace(m *Matrix, n, k int) (sum float64) {
	p := New(n)
	for i := 0; i < n; i++ {
		p.Set(i, i, 1)
	}
	for i := 0; i < k; i++ {
		p = p.Mul(m)
	}
	defer p.Destroy()
	for i := 0; i < n; i++ {
		sum += p.At(i, i)
	}
	return sum
}
