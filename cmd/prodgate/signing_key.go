package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/signing"
	"github.com/spf13/cobra"
)

// beginPEM begins a block of a key.
const beginPEM = "-----BEGIN "

// longestKey is more than a key can have, in bytes.
const longestKey = 1 << 20

// addSigningKey declares the flag for the private key that signs.
func addSigningKey(cmd *cobra.Command) {
	cmd.Flags().String("key", "", "the PEM file with the private key that signs (or its content in "+config.KeyVariable+"); its passphrase is read from "+config.PassphraseVariable)
	reads(cmd, "key")
}

// signingKey reads the private key that the flag or the variable gives.
func signingKey(ctx context.Context, cmd *cobra.Command, std stdio) (*signing.PrivateKey, error) {
	file, err := cmd.Flags().GetString("key")
	if err != nil {
		return nil, err
	}
	if !cmd.Flags().Changed("key") {
		content := std.getenv(config.KeyVariable)
		if content == "" {
			return nil, usage("name the file with --key, or put its content into "+config.KeyVariable+"; prodgate key new creates a key", "missing --key")
		}
		key, err := parsePrivate(std, config.KeyVariable, []byte(content))
		if err != nil && !isKeyContent(content) {
			err = hinted{err: err, hint: config.KeyVariable + " holds the content of the key; name a file with --key"}
		}
		return key, err
	}
	if file == "-" {
		return nil, usage("name the file, or put its content into "+config.KeyVariable, "--key cannot be read from standard input")
	}
	content, err := readKeyFile(ctx, std, "--key", file)
	if err != nil {
		return nil, err
	}
	return parsePrivate(std, file, content)
}

// parsePrivate reads a private key, with the passphrase in the variable.
func parsePrivate(std stdio, name string, content []byte) (*signing.PrivateKey, error) {
	var passphrase []byte
	if text := std.getenv(config.PassphraseVariable); text != "" {
		passphrase = []byte(text)
	}
	key, err := signing.ParsePrivate(name, content, passphrase)
	switch {
	case errors.Is(err, signing.ErrPassphrase):
		return nil, hinted{err: err, hint: "put the passphrase into " + config.PassphraseVariable}
	case errors.Is(err, signing.ErrWrongPassphrase):
		return nil, hinted{err: err, hint: "the passphrase is the value of " + config.PassphraseVariable}
	}
	return key, err
}

// readKeyFile reads the file of a key that the user names in what. If the name may be
// the key itself, the error does not repeat it.
func readKeyFile(ctx context.Context, std stdio, what, file string) ([]byte, error) {
	switch {
	case isKeyContent(file):
		return nil, keyInPlaceOfFile(what)
	case file == "":
		return nil, usage("name the file of the key", "%s needs a value", what)
	}
	_, content, err := readNamed(ctx, std, file, longestKey)
	var failed *fs.PathError
	if errors.As(err, &failed) && maybeKeyContent(file) {
		return nil, fmt.Errorf("read the file in %s: %w", what, failed.Err)
	}
	return content, err
}

// isKeyContent reports whether text has a key in it.
func isKeyContent(text string) bool { return strings.Contains(text, beginPEM) }

// maybeKeyContent reports whether a file name can be a key without its first and last
// line.
func maybeKeyContent(name string) bool {
	content, err := base64.StdEncoding.DecodeString(strings.TrimSpace(name)) // skips line feeds
	return err == nil && len(content) >= 32
}

// keyInPlaceOfFile is the error for the content of a key in a command line. It does not
// repeat the key.
func keyInPlaceOfFile(what string) error {
	return usage("name a file, or put the content into "+config.KeyVariable+"; other users of this machine can read a command line, so replace a private key that was in one",
		"%s is the content of a key, not the name of a file", what)
}
