package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/signing"
	"github.com/spf13/cobra"
)

// longestAttestations limits a file of attestations, in bytes.
const longestAttestations = 128 << 20

func newAttestVerify(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify IMAGE",
		Short: "Verify the statements attached to an image",
		Long: `Verify reads the statements of one type that are attached to IMAGE: Sigstore bundles as
referrers and envelopes under the tag sha256-….att, as cosign writes them. For each
statement it shows who signed it, or why it does not count. A statement counts if it
is about the digest of IMAGE and one of the keys signed it, or, keyless, the identity
that the flags --certificate-… name. Nothing is downloaded but what is attached.

It does not interpret the predicate: a result that FAILED also counts as signed. The
exception is the verification summary (--type vsa), which must also say that the gate
allowed this image, for this service and environment, by these policies (--policies or
--policy-digest), and that the allow is still valid. It does not count if a summary
that is not older, and as trusted, says anything else than PASSED.

It exits with 0 if at least one statement counts, with 1 if none does, and with 2 if
anything could not be read.`,
		Example: `  prodgate attest verify registry.example.com/payments-api:7a3f9c2 --type test-result --key staging.key.pub
  prodgate attest verify registry.example.com/payments-api:7a3f9c2 --type vsa --key gate.key.pub --environment production
  prodgate attest verify oci:image --type provenance --key build.key.pub --attestation provenance.sigstore.json
  prodgate attest verify registry.example.com/payments-api:7a3f9c2 --type provenance --trusted-root trusted_root.json \
    --certificate-identity https://github.com/acme/payments-api/.github/workflows/build.yml@refs/heads/main \
    --certificate-oidc-issuer https://token.actions.githubusercontent.com`,
		Args: one("image", "prodgate attest verify IMAGE --type TYPE --key FILE"),
	}
	flags := cmd.Flags()
	flags.String("type", "", "the type of the statements: "+strings.Join(predicateNames(), ", ")+" or a URI")
	flags.StringArray("key", nil, "a PEM file with a public key that is trusted, repeatable")
	addKeyless(cmd)
	flags.StringArray("attestation", nil, "read the statements from this file instead, repeatable; - is standard input")
	reads(cmd, "key", "attestation")
	complete(cmd, "type", predicateNames())
	addSummary(cmd)
	addFormat(cmd)
	addPlainHTTP(cmd)
	addSettings(cmd, "config", "timeout")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asJSON, err := format(cmd)
		if err != nil {
			return err
		}
		v, err := newVerification(cmd, std)
		if err != nil {
			return err
		}
		return withRegistry(cmd, std, args[0], func(ctx context.Context, ref registry.Reference) error {
			if err := v.run(ctx, cmd, ref); err != nil {
				return err
			}
			v.summaries.revoke(&v.report)
			return v.report.conclude(std, asJSON)
		})
	}
	return cmd
}

// verification verifies the statements of one type about one digest.
type verification struct {
	std  stdio
	typ  predicateType
	keys []string // files
	at   time.Time

	keyless   *keylessSigner // nil: none
	summaries *summaryCheck  // nil: statements of another type

	verifier *signing.Verifier
	report   statementReport
}

// newVerification reads the flags.
func newVerification(cmd *cobra.Command, std stdio) (*verification, error) {
	s := said{cmd: cmd, std: std}
	word := s.text("type", true)
	signer := readKeyless(cmd, &s)
	if s.err != nil {
		return nil, s.err
	}
	typ, err := findPredicateType(word)
	if err != nil {
		return nil, err
	}
	keys, err := cmd.Flags().GetStringArray("key")
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 && signer == nil {
		return nil, usage("name the files of the public keys that you trust; "+keylessHint, "missing --key or --%s", flagIdentity)
	}
	v := &verification{std: std, typ: typ, keys: keys, keyless: signer, at: std.clock()}
	v.report = statementReport{PredicateTypes: append([]string{typ.uri}, typ.older...), Statements: []statementResult{}, Unread: []unreadStatement{}, OtherTypes: []string{}}
	v.summaries, err = newSummaryCheck(cmd, std, typ, v.at)
	return v, err
}

// run reads keys and statements, and verifies them.
func (v *verification) run(ctx context.Context, cmd *cobra.Command, ref registry.Reference) error {
	if err := v.trust(ctx); err != nil {
		return err
	}
	files, err := cmd.Flags().GetStringArray("attestation")
	if err != nil {
		return err
	}
	digest := ref.Digest
	if digest == "" || len(files) == 0 {
		m, err := ref.Resolve(ctx)
		if err != nil {
			return err
		}
		digest = m.Digest
	}
	v.report.Image, v.report.Digest = ref.Repository+"@"+digest, digest
	if err := v.summaries.prepare(ctx, ref, digest); err != nil {
		return err
	}
	if len(files) > 0 {
		return v.fromFiles(ctx, files)
	}
	if !ref.Attaches() {
		return usage("name the file of the statements with --attestation", "nothing can be attached to %s", ref.Repository)
	}
	v.fromRegistry(ctx, ref)
	return nil
}

// trust reads the public keys and the trusted root.
func (v *verification) trust(ctx context.Context) error {
	var trusted []signing.Trusted
	for _, file := range v.keys {
		content, err := readKeyFile(ctx, v.std, "--key", file)
		if err != nil {
			return err
		}
		key, err := signing.ParsePublic(file, content)
		if err != nil {
			return err
		}
		trusted = append(trusted, signing.Trusted{Name: file, Public: key})
	}
	var identities []signing.Keyless
	if v.keyless != nil {
		k, err := v.keyless.verifier(ctx, v.std)
		if err != nil {
			return err
		}
		identities = append(identities, k)
	}
	var err error
	if v.verifier, err = signing.NewVerifier(trusted, identities...); err != nil {
		return usage("name each key once", "%w", err)
	}
	return nil
}

// fromRegistry verifies what is attached.
func (v *verification) fromRegistry(ctx context.Context, ref registry.Reference) {
	documents, failed := ref.AttachedStatements(ctx, v.report.Digest, func(uri string) bool {
		if !v.typ.reads(uri) {
			v.other(uri)
		}
		return v.typ.reads(uri)
	})
	for _, d := range documents {
		if onlySignature(d.Content) {
			continue
		}
		content, err := v.keyless.bundle(d)
		if err != nil {
			v.unread(err)
			continue
		}
		all, err := attestation.Read(d.Where, content)
		if err != nil {
			v.unread(err)
		}
		for _, a := range all {
			v.examine(a)
		}
	}
	for _, f := range failed {
		v.unread(f.Err)
	}
}

// fromFiles verifies what files contain.
func (v *verification) fromFiles(ctx context.Context, files []string) error {
	for _, file := range files {
		name, content, err := readNamed(ctx, v.std, file, longestAttestations+1)
		if err != nil {
			return err
		}
		if len(content) > longestAttestations {
			return fmt.Errorf("read %s: more than %d bytes", name, longestAttestations)
		}
		all, err := attestation.Read(name, content)
		if err != nil {
			return err
		}
		for _, a := range all {
			v.examine(a)
		}
	}
	return nil
}

// onlySignature reports whether content is a Sigstore bundle of a signature alone,
// which states nothing.
func onlySignature(content []byte) bool {
	var keys map[string]json.RawMessage
	if json.Unmarshal(content, &keys) != nil {
		return false
	}
	_, signature := keys["messageSignature"]
	delete(keys, "messageSignature")
	return signature && !attestation.Wraps(keys)
}

// examine adds one statement to the report, if it is of the type.
func (v *verification) examine(a attestation.Attestation) {
	if !v.typ.reads(a.Statement.PredicateType) {
		v.other(a.Statement.PredicateType)
		return
	}
	r := statementResult{Where: a.Name, PredicateType: a.Statement.PredicateType, Reasons: []string{}}
	r.AboutImage = slices.Contains(a.Statement.Digests(), v.report.Digest)
	if !r.AboutImage {
		r.Reasons = append(r.Reasons, aboutAnother(a.Statement))
	}
	by, err := v.verifier.Verify(a, v.at)
	if err != nil {
		r.Reasons = append(r.Reasons, err.Error())
	} else {
		r.signedBy(by)
	}
	r.Counts = r.AboutImage && err == nil
	v.summaries.examine(a, &r, len(v.report.Statements))
	v.report.Verified = v.report.Verified || r.Counts
	v.report.Statements = append(v.report.Statements, r)
}

// aboutAnother says what a statement is about.
func aboutAnother(s attestation.Statement) string {
	const shown = 3
	digests := s.Digests()
	switch n := len(digests); {
	case n == 0:
		return "it names no sha256 digest as its subject"
	case n > shown:
		return fmt.Sprintf("it is about %s and %d more digests, not about this image", strings.Join(digests[:shown], ", "), n-shown)
	}
	return fmt.Sprintf("it is about %s, not about this image", strings.Join(digests, ", "))
}

// other adds a type of statements that was seen and not asked for.
func (v *verification) other(uri string) {
	if uri != "" && !slices.Contains(v.report.OtherTypes, uri) {
		v.report.OtherTypes = append(v.report.OtherTypes, uri)
		slices.Sort(v.report.OtherTypes)
	}
}

func (v *verification) unread(err error) {
	v.report.Unread = append(v.report.Unread, unreadStatement{Error: err.Error()})
}
