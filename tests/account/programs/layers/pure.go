//go:build !cgo

package main

func native() []place { return nil }
