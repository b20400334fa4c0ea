package main

import (
	"context"
	"fmt"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/signing"
	"github.com/prodgate/prodgate/signing/keyless"
	"github.com/spf13/cobra"
)

// longestRoot limits a trusted root, in bytes.
const longestRoot = 2 << 20

// The flags of a keyless signer, with the names that cosign gives them.
const (
	flagIdentity        = "certificate-identity"
	flagIdentityPattern = "certificate-identity-regexp"
	flagIssuer          = "certificate-oidc-issuer"
	flagIssuerPattern   = "certificate-oidc-issuer-regexp"
	flagTrustedRoot     = "trusted-root"
	keylessHint         = "a keyless signer is named by --" + flagIdentity + ", --" + flagIssuer + " and --" + flagTrustedRoot
)

// addKeyless adds the flags that name one trusted identity.
func addKeyless(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.String(flagIdentity, "", "the identity that is trusted: the subject of the certificate, for example a workflow or a mail address")
	flags.String(flagIdentityPattern, "", "the same as a regular expression that matches all of it")
	flags.String(flagIssuer, "", "the OIDC issuer of that identity, for example https://token.actions.githubusercontent.com")
	flags.String(flagIssuerPattern, "", "the same as a regular expression that matches all of it")
	flags.String(flagTrustedRoot, "", "the trusted root of the Sigstore instance (trusted_root.json); nothing is downloaded")
	reads(cmd, flagTrustedRoot)
}

// keylessSigner is what those flags name.
type keylessSigner struct {
	identity keyless.Identity
	root     string // file
}

// readKeyless reads the flags; nil if none is given.
func readKeyless(cmd *cobra.Command, s *said) *keylessSigner {
	given := false
	for _, flag := range []string{flagIdentity, flagIdentityPattern, flagIssuer, flagIssuerPattern, flagTrustedRoot} {
		given = given || cmd.Flags().Changed(flag)
	}
	if !given {
		return nil
	}
	signer := &keylessSigner{
		identity: keyless.Identity{Subject: keylessPattern(s, flagIdentity, flagIdentityPattern), Issuer: keylessPattern(s, flagIssuer, flagIssuerPattern)},
		root:     s.text(flagTrustedRoot, true),
	}
	signer.identity.Name = signer.identity.Subject.Exact + signer.identity.Subject.Expression
	return signer
}

// keylessPattern reads a name from one of two flags.
func keylessPattern(s *said, exact, expression string) keyless.Pattern {
	p := keyless.Pattern{Exact: s.text(exact, false), Expression: s.text(expression, false)}
	switch {
	case s.err != nil:
	case p == keyless.Pattern{}:
		s.err = usage(keylessHint, "missing --%s or --%s", exact, expression)
	case p.Exact != "" && p.Expression != "":
		s.err = usage("name the signer exactly, or by an expression", "--%s and --%s exclude each other", exact, expression)
	}
	return p
}

// verifier reads the trusted root.
func (k *keylessSigner) verifier(ctx context.Context, std stdio) (signing.Keyless, error) {
	name, content, err := readNamed(ctx, std, k.root, longestRoot)
	if err != nil {
		return nil, err
	}
	root, err := keyless.ParseRoot(name, content)
	if err != nil {
		return nil, err
	}
	v, err := keyless.New(root, []keyless.Identity{k.identity})
	if err != nil {
		return nil, usage("a name is exact, or an expression that matches all of it", "%w", err)
	}
	return v, nil
}

// bundle is an attached document with what is needed to verify it keyless: cosign 2
// keeps it in annotations.
func (k *keylessSigner) bundle(d registry.Document) ([]byte, error) {
	if k == nil {
		return d.Content, nil
	}
	content, err := attestation.Bundled(d.Content, d.Annotations)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.Where, err)
	}
	return content, nil
}
