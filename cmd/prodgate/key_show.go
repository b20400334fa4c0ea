package main

import (
	"fmt"
	"strings"

	"github.com/prodgate/prodgate/signing"
	"github.com/spf13/cobra"
)

func newKeyShow(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Show the id and the public half of a key",
		Long: `Show prints the id, the algorithm and the public key of FILE, which contains a public
or a private key. It never prints a private key.`,
		Example: `  prodgate key show release.key.pub
  prodgate key show release.key -o json`,
		Args: one("file", "prodgate key show FILE"),
	}
	addFormat(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asJSON, err := format(cmd)
		if err != nil {
			return err
		}
		content, err := readKeyFile(cmd.Context(), std, "the argument", args[0])
		if err != nil {
			return err
		}
		key, private, err := eitherKey(std, args[0], content)
		if err != nil {
			return err
		}
		shown := shownKey{ID: key.ID(), Algorithm: key.Algorithm(), Private: private, Public: string(key.PEM())}
		if asJSON {
			return writeJSON(std.out, shown)
		}
		return shown.write(std)
	}
	return cmd
}

// shownKey is a key as JSON.
type shownKey struct {
	ID        string `json:"id"`
	Algorithm string `json:"algorithm"`
	Private   bool   `json:"private"` // the file contains the private key
	Public    string `json:"public"`  // PEM
}

func (k shownKey) write(std stdio) error {
	contains := "the public key"
	if k.Private {
		contains = "the private key"
	}
	return writeText(std, fmt.Sprintf("id         %s\nalgorithm  %s\nfile       contains %s\n\n%s", k.ID, k.Algorithm, contains, k.Public))
}

// eitherKey returns the public half of a public or private key.
func eitherKey(std stdio, name string, content []byte) (key *signing.PublicKey, private bool, err error) {
	if !strings.Contains(string(content), "PRIVATE KEY-----") {
		key, err = signing.ParsePublic(name, content)
		return key, false, err
	}
	both, err := parsePrivate(std, name, content)
	if err != nil {
		return nil, true, err
	}
	return both.Public(), true, nil
}
