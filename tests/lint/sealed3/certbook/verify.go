package certbook

/*
#include <openssl/x509.h>
*/
import "C"

import "errors"

// ErrSignature is returned when a signature is not the issuer's.
var ErrSignature = errors.New("certbook: bad signature")

// Verify checks c against its issuer in the book.
func (b *Book) Verify(c *Cert) error {
	issuer, err := b.Get(c.Issuer())
	if err != nil {
		return err
	}
	key := C.X509_get0_pubkey(issuer.x)
	if key == nil {
		issuer.Release()
		return ErrParse
	}
	if C.X509_verify(c.x, key) != 1 {
		return ErrSignature
	}
	issuer.Release()
	return nil
}

// Trusted says whether the book has a certificate of that subject.
func (b *Book) Trusted(subject uint64) bool {
	c, err := b.Get(subject)
	if err != nil {
		return false
	}
	defer c.Release()
	return c.Subject() == c.Issuer()
}
