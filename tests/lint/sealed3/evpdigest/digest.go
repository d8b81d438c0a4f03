package evpdigest

/*
#cgo LDFLAGS: -lcrypto
#include <openssl/evp.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"runtime"
	"unsafe"
)

// ErrDigest is returned for a digest that the library does not have.
var ErrDigest = errors.New("evpdigest: no such digest")

// Hash computes a digest with OpenSSL.
type Hash struct {
	ctx *C.EVP_MD_CTX
	md  *C.EVP_MD
}

// New makes a hash of the name.
func New(name string) (*Hash, error) {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	md := C.EVP_MD_fetch(nil, cname, nil)
	if md == nil {
		return nil, ErrDigest
	}
	h := &Hash{ctx: C.EVP_MD_CTX_new(), md: md}
	runtime.SetFinalizer(h, (*Hash).finalize)
	h.Reset()
	return h, nil
}

func (h *Hash) finalize() {
	C.EVP_MD_CTX_free(h.ctx)
	C.EVP_MD_free(h.md)
}

// Reset starts anew.
func (h *Hash) Reset() {
	C.EVP_DigestInit_ex(h.ctx, h.md, nil)
	runtime.KeepAlive(h)
}

// Write adds p to the digest.
func (h *Hash) Write(p []byte) (int, error) {
	if len(p) > 0 && C.EVP_DigestUpdate(h.ctx, unsafe.Pointer(&p[0]), C.size_t(len(p))) != 1 {
		return 0, errors.New("evpdigest: update")
	}
	runtime.KeepAlive(h)
	return len(p), nil
}

// Sum returns the digest of what was written.
func (h *Hash) Sum() []byte {
	out := make([]byte, C.EVP_MAX_MD_SIZE)
	var n C.uint
	C.EVP_DigestFinal_ex(h.ctx, (*C.uchar)(&out[0]), &n)
	runtime.KeepAlive(h)
	return out[:n]
}
