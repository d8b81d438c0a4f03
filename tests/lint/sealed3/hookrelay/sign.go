package hookrelay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// Signer signs bodies with a shared secret.
type Signer struct {
	secret []byte
}

// Sign returns the signature in hexadecimal.
func (s *Signer) Sign(body []byte) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
