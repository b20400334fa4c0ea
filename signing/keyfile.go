package signing

import (
	"fmt"
	"os"
)

// WritePrivate writes the key to a new file that only its owner can read, encrypted
// if passphrase is not empty. A file that exists, also as a link, is an error: what
// a lost key has signed can never be signed again.
func WritePrivate(path string, key *PrivateKey, passphrase []byte) error {
	content, err := key.PEM(passphrase)
	if err != nil {
		return err
	}
	return writeNew(path, content, 0o600)
}

// WritePublic writes the key to a new file that everyone can read.
func WritePublic(path string, key *PublicKey) error { return writeNew(path, key.PEM(), 0o644) }

// writeNew creates a file with content, or leaves none.
func writeNew(path string, content []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("write key: %w", err)
	}
	return nil
}
