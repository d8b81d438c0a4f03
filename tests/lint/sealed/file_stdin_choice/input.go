package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

func input(args []string) (io.Reader, func(), error) {
	if len(args) == 0 || args[0] == "-" {
		return os.Stdin, func() {}, nil
	}
	f, err := os.Open(args[0])
	if err != nil {
		return nil, nil, err
	}
	return f, func() { _ = f.Close() }, nil
}

func output(path string) (io.WriteCloser, error) {
	if path == "" {
		return os.Stdout, nil
	}
	return os.Create(path)
}

func main() {
	in, done, err := input(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer done()
	out, err := output(os.Getenv("OUT"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer out.Close()
	w := bufio.NewWriter(out)
	defer w.Flush()
	for lines := bufio.NewScanner(in); lines.Scan(); {
		fmt.Fprintln(w, len(lines.Text()))
	}
}
