package cdb

func Check(fd int) error {
	d := Open(fd)
	return d.Close()
}
