package signing

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
	"github.com/youmark/pkcs8"
)

var (
	// ErrPassphrase says that a key is encrypted, and there is no passphrase.
	ErrPassphrase = errors.New("encrypted with a passphrase, and none is given")
	// ErrWrongPassphrase says that a key cannot be decrypted with the passphrase.
	ErrWrongPassphrase = errors.New("wrong passphrase, or a damaged key")
)

// Bounds of the work that a file can ask for before its passphrase is checked.
const (
	maxIterations = 10_000_000
	maxScryptCost = 1 << 20
	maxScryptSize = 1 << 20 // cost times block size: 128 MiB
	maxScryptLoop = 16
)

// encryption is how keys are encrypted. The number of iterations is what OWASP
// recommends for PBKDF2 with HMAC-SHA-256.
var encryption = pkcs8.Opts{
	Cipher:  pkcs8.AES256CBC,
	KDFOpts: pkcs8.PBKDF2Opts{SaltSize: 16, IterationCount: 600_000, HMACHash: crypto.SHA256},
}

func encryptPKCS8(key any, passphrase []byte) ([]byte, error) {
	options := encryption
	return pkcs8.MarshalPrivateKey(key, passphrase, &options)
}

// decryptPKCS8 reads an encrypted private key (PBES2, RFC 8018). The library
// panics on some damaged keys; that counts as an error.
func decryptPKCS8(der, passphrase []byte) (key any, err error) {
	if len(passphrase) == 0 {
		return nil, ErrPassphrase
	}
	if err := affordable(der); err != nil {
		return nil, err
	}
	defer func() {
		if recover() != nil {
			key, err = nil, ErrWrongPassphrase
		}
	}()
	key, _, err = pkcs8.ParsePrivateKey(der, passphrase)
	switch {
	case err == nil:
		return key, nil
	case strings.HasPrefix(err.Error(), "pkcs8: unsupported"):
		return nil, fmt.Errorf("%w; convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE", err)
	}
	return nil, ErrWrongPassphrase
}

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidScrypt = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}
)

// affordable returns an error for an encrypted key that is not PBES2, or that
// takes too much time or memory to decrypt.
func affordable(der []byte) error {
	var outer struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	if rest, err := asn1.Unmarshal(der, &outer); err != nil || len(rest) > 0 {
		return errors.New("damaged: not an encrypted key in PKCS #8")
	}
	var scheme struct{ Derivation, Cipher pkix.AlgorithmIdentifier }
	if !outer.Algorithm.Algorithm.Equal(oidPBES2) {
		return errors.New("encrypted in an old way; convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE")
	}
	if _, err := asn1.Unmarshal(outer.Algorithm.Parameters.FullBytes, &scheme); err != nil {
		return errors.New("damaged: invalid parameters of its encryption")
	}
	parameters := scheme.Derivation.Parameters.FullBytes
	switch {
	case scheme.Derivation.Algorithm.Equal(oidPBKDF2):
		var p struct {
			Salt       []byte
			Iterations int
		}
		if _, err := asn1.Unmarshal(parameters, &p); err != nil || p.Iterations < 1 || p.Iterations > maxIterations {
			return fmt.Errorf("invalid parameters of PBKDF2: must have 1 to %d iterations", maxIterations)
		}
	case scheme.Derivation.Algorithm.Equal(oidScrypt):
		var p struct {
			Salt              []byte
			Cost, Block, Loop int
		}
		_, err := asn1.Unmarshal(parameters, &p)
		if err != nil || p.Cost < 2 || p.Cost > maxScryptCost || p.Block < 1 || p.Block > maxScryptSize/p.Cost || p.Loop < 1 || p.Loop > maxScryptLoop {
			return errors.New("invalid parameters of scrypt: must need at most 128 MiB")
		}
	}
	return nil
}

// decryptSigstore reads a private key as cosign writes it. cosign encrypts with an
// empty passphrase where there is none.
func decryptSigstore(text, passphrase []byte) (any, error) {
	der, err := encrypted.Decrypt(text, passphrase)
	switch {
	case err == nil:
	case !strings.HasSuffix(err.Error(), "decryption failed"):
		return nil, fmt.Errorf("damaged: %w", err)
	case len(passphrase) == 0:
		return nil, ErrPassphrase
	default:
		return nil, ErrWrongPassphrase
	}
	return x509.ParsePKCS8PrivateKey(der)
}
