//go:build !ownparser

package main

// #cgo CFLAGS: -I/usr/include/libxml2
// #cgo LDFLAGS: -lxml2
import "C"
