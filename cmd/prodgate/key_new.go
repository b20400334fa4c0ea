package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/signing"
	"github.com/spf13/cobra"
)

func newKeyNew(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Create a key that signs statements",
		Long: `New creates an ECDSA key on P-256 and writes two files: FILE with the private key
(PKCS #8, readable only by its owner) and FILE.pub with the public key. An existing
file is never overwritten: what a lost key has signed cannot be signed again.

It prints the id of the key and the settings that trust it. The private key is
encrypted if there is a passphrase: in the variable that --passphrase-env names,
otherwise in ` + config.PassphraseVariable + `.`,
		Example: `  prodgate key new --out staging.key
  prodgate key new --out release.key --passphrase-env RELEASE_PASSPHRASE`,
		Args: none,
	}
	flags := cmd.Flags()
	flags.String("out", "", "the file of the private key; the public key is written next to it, as FILE.pub")
	flags.String("passphrase-env", "", "the variable that holds the passphrase; default: "+config.PassphraseVariable+" if it is set")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s := said{cmd: cmd, std: std}
		out, variable := s.text("out", true), s.text("passphrase-env", false)
		if s.err != nil {
			return s.err
		}
		return createKey(std, out, variable)
	}
	return cmd
}

// createKey creates a key in the file out and prints how to trust it.
func createKey(std stdio, out, variable string) error {
	if isKeyContent(out) {
		return keyInPlaceOfFile("--out")
	}
	required := variable != ""
	if !required {
		variable = config.PassphraseVariable
	}
	passphrase := std.getenv(variable)
	if required && passphrase == "" {
		return usage("set it to the passphrase", "--passphrase-env: the variable %s is not set, or it is empty", variable)
	}
	public := out + ".pub"
	for _, name := range []string{out, public} {
		if exists(std.path(name)) {
			return usage("nothing was written; name another file", "%s exists already", name)
		}
	}
	key, err := signing.NewPrivateKey()
	if err != nil {
		return err
	}
	if err := signing.WritePrivate(std.path(out), key, []byte(passphrase)); err != nil {
		return err
	}
	if err := signing.WritePublic(std.path(public), key.Public()); err != nil {
		_ = os.Remove(std.path(out)) // nobody has used it yet
		return err
	}
	protection := "not encrypted"
	if passphrase != "" {
		protection = "encrypted with the passphrase in " + variable
	}
	return writeText(std, fmt.Sprintf("created a key (%s)\n  id       %s\n  private  %s (%s)\n  public   %s\n\nTo trust it, add it to the settings of a policy pack:\n\n%s",
		key.Public().Algorithm(), key.Public().ID(), out, protection, public, trustSettings(keyName(out), key.Public())))
}

// trustSettings are the settings that trust a key, as YAML.
func trustSettings(name string, key *signing.PublicKey) string {
	var b strings.Builder
	fmt.Fprintf(&b, "signatures:\n  keys:\n    %s:\n      public: |\n", name)
	for line := range strings.Lines(string(key.PEM())) {
		b.WriteString("        " + line)
	}
	return b.String()
}

// keyName derives the name of a key from its file.
func keyName(file string) string {
	name := filepath.Base(file)
	name = strings.ToLower(strings.TrimSuffix(name, filepath.Ext(name)))
	if !identifier.MatchString(name) {
		return "NAME"
	}
	return name
}
