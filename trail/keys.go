package trail

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// A key is a note key: its name is the log's origin. The private one is in a
// file of its own, the public one next to it and inside the database.

// ensureKey returns the signer in a key file, and makes the file where there is
// none. Of several who make it at once one wins, and all get that one.
func ensureKey(file string) (note.Signer, string, error) {
	signer, public, err := readKey(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return signer, public, err
	}
	random := make([]byte, 12)
	if _, err := rand.Read(random); err != nil {
		return nil, "", fmt.Errorf("make a signing key: %w", err)
	}
	private, _, err := note.GenerateKey(rand.Reader, "prodgate.dev/trail/"+hex.EncodeToString(random))
	if err != nil {
		return nil, "", fmt.Errorf("make a signing key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, "", fmt.Errorf("make the folder of signing key %q: %w", file, err)
	}
	if err := createWhole(file, []byte(private+"\n")); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, "", fmt.Errorf("make signing key %q: %w", file, err)
	}
	return readKey(file)
}

// readKey reads a private key and derives the public one from it.
func readKey(file string) (note.Signer, string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, "", fmt.Errorf("read signing key: %w", err)
	}
	private := strings.TrimSpace(string(b))
	signer, err := note.NewSigner(private)
	if err != nil {
		return nil, "", fmt.Errorf("read signing key %q: it is no private key of a log (%w): restore the file from a backup", file, err)
	}
	public, err := publicKey(private)
	if err != nil {
		return nil, "", fmt.Errorf("read signing key %q: %w", file, err)
	}
	return signer, public, nil
}

// publicKey derives the verifier's key from "PRIVATE+KEY+name+hash+key".
func publicKey(private string) (string, error) {
	parts := strings.SplitN(private, "+", 5)
	if len(parts) != 5 {
		return "", errors.New("it is no private key of a log")
	}
	seed, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return "", errors.New("it is no Ed25519 key")
	}
	public, ok := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
	if !ok {
		return "", errors.New("it is no Ed25519 key")
	}
	return note.NewEd25519VerifierKey(parts[2], public)
}

// createWhole makes a file that is there with its whole content or not at all;
// fs.ErrExist if it is there already, which is then left as it is.
func createWhole(file string, content []byte) error {
	temporary, err := writeTemporary(file, content, true)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary) }()
	if err := os.Link(temporary, file); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(file))
}

// replaceWhole writes a file so that a reader sees the old content or the new.
func replaceWhole(file string, content []byte, durable bool) error {
	temporary, err := writeTemporary(file, content, durable)
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, file); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	if durable {
		return syncFolder(filepath.Dir(file))
	}
	return nil
}

// replaceReadable is replaceWhole of a durable file that everybody may read.
func replaceReadable(file string, content []byte) error {
	temporary, err := writeTemporary(file, content, true)
	if err != nil {
		return err
	}
	if err := errors.Join(os.Chmod(temporary, 0o644), os.Rename(temporary, file)); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return syncFolder(filepath.Dir(file))
}

// writeTemporary writes a new file next to another, readable only by its owner.
func writeTemporary(file string, content []byte, durable bool) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	if err == nil && durable {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// syncFolder makes the names in a folder durable. Windows does so by itself.
func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
