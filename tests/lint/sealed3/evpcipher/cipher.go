package evpcipher

/*
#cgo LDFLAGS: -lcrypto
#include <openssl/evp.h>
*/
import "C"

import (
	"errors"
	"io"
	"runtime"
	"unsafe"
)

// Encrypter encrypts a stream with AES-256-CTR.
type Encrypter struct {
	ctx *C.EVP_CIPHER_CTX
	net runtime.Cleanup
}

// ErrKey is returned for a key or a nonce that is too short or too long.
var ErrKey = errors.New("evpcipher: bad key or nonce")

// NewEncrypter makes an encrypter; Close frees it.
func NewEncrypter(key, nonce []byte) (*Encrypter, error) {
	if len(key) != 32 || len(nonce) != 16 {
		return nil, ErrKey
	}
	ctx := C.EVP_CIPHER_CTX_new()
	if C.EVP_EncryptInit_ex(ctx, C.EVP_aes_256_ctr(), nil, (*C.uchar)(&key[0]), (*C.uchar)(&nonce[0])) != 1 {
		C.EVP_CIPHER_CTX_free(ctx)
		return nil, ErrKey
	}
	e := &Encrypter{ctx: ctx}
	e.net = runtime.AddCleanup(e, func(ctx *C.EVP_CIPHER_CTX) { C.EVP_CIPHER_CTX_free(ctx) }, ctx)
	return e, nil
}

// Apply encrypts src to dst, which is at least as long.
func (e *Encrypter) Apply(dst, src []byte) error {
	if len(src) == 0 {
		return nil
	}
	var n C.int
	rc := C.EVP_EncryptUpdate(e.ctx, (*C.uchar)(unsafe.SliceData(dst)), &n, (*C.uchar)(unsafe.SliceData(src)), C.int(len(src)))
	runtime.KeepAlive(e)
	if rc != 1 {
		return errors.New("evpcipher: update")
	}
	return nil
}

// Close frees what C holds.
func (e *Encrypter) Close() error {
	if e.ctx != nil {
		e.net.Stop()
		C.EVP_CIPHER_CTX_free(e.ctx)
		e.ctx = nil
	}
	return nil
}

// Copy encrypts all of src to dst.
func Copy(dst io.Writer, src io.Reader, key, nonce []byte) (total int64, err error) {
	e, err := NewEncrypter(key, nonce)
	if err != nil {
		return 0, err
	}
	defer e.Close()
	buf := make([]byte, 32<<10)
	for {
		n, rerr := src.Read(buf)
		if err := e.Apply(buf[:n], buf[:n]); err != nil {
			return total, err
		}
		w, err := dst.Write(buf[:n])
		total += int64(w)
		if err != nil {
			return total, err
		}
		if rerr == io.EOF {
			return total, nil
		}
		if rerr != nil {
			return total, rerr
		}
	}
}
