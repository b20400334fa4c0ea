package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/signing"
	"github.com/spf13/cobra"
)

// longestPredicate is more than an attestation that can be attached has, in bytes.
const longestPredicate = 16 << 20

func newAttest(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "attest TYPE IMAGE",
		Short: "Sign a statement about an image",
		Long: `Attest signs an in-toto statement about IMAGE and writes it as a Sigstore bundle, which
"prodgate attest verify" and "cosign verify-attestation" verify. IMAGE is resolved to
its digest once; that digest is the only subject. --predicate contains the predicate, a
JSON object. TYPE is the URI of a predicate type, or one of these names:
  ` + predicateLines() + `

With --push, the bundle is attached to the image in its registry, or in its OCI
layout, as a referrer, and attest waits until the referrer is listed. Otherwise the
bundle is written to --output.

It exits with 0 if the bundle is written and, with --push, listed; otherwise with 2.`,
		Example: `  prodgate attest test-result registry.example.com/payments-api:7a3f9c2 --predicate result.json --key staging.key --push
  prodgate attest provenance oci:image --predicate provenance.json --key build.key --output provenance.sigstore.json`,
		ValidArgs: predicateNames(),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 || args[0] == "" || args[1] == "" {
				return usage("prodgate attest TYPE IMAGE, where TYPE is one of "+strings.Join(predicateNames(), ", "), "%s needs exactly one type and one image", cmd.CommandPath())
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.String("predicate", "", "the file with the predicate, a JSON object; - is standard input")
	flags.Bool("push", false, "attach the bundle to the image")
	flags.String("output", "", "write the bundle to this file; default: standard output, or with --push nowhere")
	addSigningKey(cmd)
	reads(cmd, "predicate")
	writes(cmd, "output")
	addPlainHTTP(cmd)
	addSettings(cmd, "config", "timeout")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		typ, err := findPredicateType(args[0], "verify")
		if err != nil {
			return err
		}
		return withRegistry(cmd, std, args[1], func(ctx context.Context, ref registry.Reference) error {
			return attest(ctx, cmd, std, typ, ref)
		})
	}
	cmd.AddCommand(newAttestVerify(std))
	return cmd
}

// predicateLines lists the short names of types with their URIs, one per line.
func predicateLines() string {
	var lines []string
	for _, p := range predicateTypes {
		lines = append(lines, fmt.Sprintf("%-11s  %s", p.name, p.uri))
	}
	return strings.Join(lines, "\n  ")
}

// addPlainHTTP declares the flag that applyInsecure applies, for commands that make no
// decision.
func addPlainHTTP(cmd *cobra.Command) {
	cmd.Flags().Bool(config.InsecureFlag, false, "use plain HTTP for the registry, also outside loopback (flag only)")
}

// withRegistry reads cmd's settings and calls do with the image and the run's time.
func withRegistry(cmd *cobra.Command, std stdio, image string, do func(context.Context, registry.Reference) error) error {
	if err := checkImage(image); err != nil {
		return err
	}
	cfg, err := loadConfig(cmd, std)
	if err != nil {
		return err
	}
	timeout, err := cfg.Timeout()
	if err != nil {
		return usage("", "%w", err)
	}
	applyInsecure(cmd, cfg)
	ref, err := registry.Parse(image, cfg.File.Sources.Registry)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(cmd.Context(), timeout, fmt.Errorf("not done within %s; use --timeout for more time", timeout))
	defer cancel()
	return caused(ctx, do(ctx, ref))
}

// attest signs a statement about the image at ref and writes it where the flags say.
func attest(ctx context.Context, cmd *cobra.Command, std stdio, typ predicateType, ref registry.Reference) error {
	push, err := cmd.Flags().GetBool("push")
	if err != nil {
		return err
	}
	s := said{cmd: cmd, std: std}
	file, output := s.text("predicate", true), s.text("output", false)
	if s.err != nil {
		return s.err
	}
	predicate, err := readPredicate(ctx, std, file, typ)
	if err != nil {
		return err
	}
	if warning := typ.warning(predicate); warning != "" {
		fmt.Fprintln(std.err, "prodgate: warning: "+warning)
	}
	key, err := signingKey(ctx, cmd, std)
	if err != nil {
		return err
	}
	m, err := ref.Resolve(ctx)
	if err != nil {
		return err
	}
	bundle, err := signAbout(key, ref.Repository, m.Digest, typ.uri, predicate)
	if err != nil {
		return err
	}
	if output != "" || !push {
		if err := writeBundle(std, output, bundle); err != nil {
			return err
		}
	}
	if !push {
		return nil
	}
	referrer, err := attachBundle(ctx, std, ref, m.Digest, typ, bundle)
	if err != nil {
		return err
	}
	return writeText(std, fmt.Sprintf("attached %s\n  type   %s\n  image  %s@%s\n  key    %s\n", referrer, typ.uri, ref.Repository, m.Digest, key.Public().ID()))
}

// signAbout signs a statement whose only subject is the image with that digest. It
// returns the bundle.
func signAbout(key *signing.PrivateKey, repository, digest, predicateType string, predicate []byte) ([]byte, error) {
	subject := attestation.Subject{Name: repository, Digest: map[string]string{"sha256": strings.TrimPrefix(digest, "sha256:")}}
	statement, err := attestation.NewStatement(predicateType, []attestation.Subject{subject}, predicate)
	if err != nil {
		return nil, err
	}
	return signing.Sign(key, statement)
}

// readPredicate reads and checks the predicate in a file.
func readPredicate(ctx context.Context, std stdio, file string, typ predicateType) ([]byte, error) {
	name, predicate, err := readNamed(ctx, std, file, longestPredicate+1)
	if err != nil {
		return nil, err
	}
	if len(predicate) > longestPredicate {
		return nil, fmt.Errorf("read %s: more than %d bytes", name, longestPredicate)
	}
	if err := typ.examine(predicate); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return predicate, nil
}

// writeBundle writes a bundle as one line, to standard output if file is "" or "-".
func writeBundle(std stdio, file string, bundle []byte) error {
	line := append(bundle[:len(bundle):len(bundle)], '\n')
	if file == "" || file == "-" {
		return toStandardOutput(std.out, line)
	}
	if err := os.WriteFile(std.path(file), line, 0o644); err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	return nil
}

// attachBundle attaches a bundle to the image and returns the digest of the referrer.
func attachBundle(ctx context.Context, std stdio, ref registry.Reference, digest string, typ predicateType, bundle []byte) (string, error) {
	referrer, err := ref.Attach(ctx, digest, registry.NewAttachment{PredicateType: typ.uri, Bundle: bundle, Created: std.clock().Truncate(time.Second)})
	if errors.Is(err, registry.ErrUnlisted) {
		return "", hinted{err: err, hint: "run the command again; other statements about the image are not affected"}
	}
	return referrer, err
}
