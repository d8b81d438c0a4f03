//go:build !cgo

package main

func foreign() {}

func callForeign() {}
