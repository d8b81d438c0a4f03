"""Go's runtime, read from outside: Go 1.19 to 1.27 on linux/amd64, cgo or not, stripped or not, live or core."""
