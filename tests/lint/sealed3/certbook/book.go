package certbook

/*
#cgo LDFLAGS: -lcrypto
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"
)

// Cert is a certificate that C counts the references of.
type Cert struct {
	x *C.X509
}

func (c *Cert) retain() *Cert {
	C.X509_up_ref(c.x)
	return &Cert{x: c.x}
}

// Release gives the reference back.
func (c *Cert) Release() {
	C.X509_free(c.x)
	c.x = nil
}

// Subject returns the hash of the name.
func (c *Cert) Subject() uint64 { return uint64(C.X509_subject_name_hash(c.x)) }

// Issuer returns the hash of the issuer's name.
func (c *Cert) Issuer() uint64 { return uint64(C.X509_issuer_name_hash(c.x)) }

// ErrParse is returned for text that is not a certificate.
var ErrParse = errors.New("certbook: not a certificate")

// Parse reads a certificate.
func Parse(pem []byte) (*Cert, error) {
	if len(pem) == 0 {
		return nil, ErrParse
	}
	raw := C.CBytes(pem)
	defer C.free(raw)
	bio := C.BIO_new_mem_buf(unsafe.Pointer(raw), C.int(len(pem)))
	defer C.BIO_free(bio)
	x := C.PEM_read_bio_X509(bio, nil, nil, nil)
	if x == nil {
		return nil, ErrParse
	}
	return &Cert{x: x}, nil
}

// Book knows certificates by their subject and takes over the reference of what is added.
type Book struct {
	mu    sync.RWMutex
	certs map[uint64]*Cert
}

// Add puts a certificate into the book in place of an older one.
func (b *Book) Add(c *Cert) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.certs == nil {
		b.certs = make(map[uint64]*Cert)
	}
	if old, ok := b.certs[c.Subject()]; ok {
		old.Release()
	}
	b.certs[c.Subject()] = c
}

// Get returns a reference of the caller's own.
func (b *Book) Get(subject uint64) (*Cert, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	c, ok := b.certs[subject]
	if !ok {
		return nil, fmt.Errorf("certbook: no certificate %08x", subject)
	}
	return c.retain(), nil
}

// Forget empties the book.
func (b *Book) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.certs {
		c.Release()
	}
	clear(b.certs)
}
