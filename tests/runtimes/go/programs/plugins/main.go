// A program that loads plugins, each of which keeps things of a type of its own.
package main

import (
	"fmt"
	"io"
	"os"
	"plugin"
	"strconv"
)

func main() {
	count, err := strconv.Atoi(os.Args[1])
	for _, path := range os.Args[2:] {
		loaded, failed := plugin.Open(path)
		if failed != nil {
			err = failed
			break
		}
		keep, _ := loaded.Lookup("Keep")
		keep.(func(int))(count)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("READY")
	io.Copy(io.Discard, os.Stdin)
}
