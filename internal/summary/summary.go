// Package summary makes and checks verification summaries (SLSA VSA v1): signed
// statements that an image passed the gate. It signs nothing and verifies no signature,
// and what is acceptable was decided before, by the policies.
//
// A denial has no summary. It is true at one instant only, nobody could take it back from
// a registry, and the absence of a summary already means that nothing passed. A summary
// with the result FAILED that another tool writes is read, and counts against older ones.
package summary

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/evaluator"
)

// PredicateType is the type of the statements.
const PredicateType = "https://slsa.dev/verification_summary/v1"

// Verifier is the identity of prodgate as a verifier.
const Verifier = "https://prodgate.dev/verifier/v1"

// The results of the specification.
const (
	Passed = "PASSED"
	Failed = "FAILED"
)

// extension is the name of the field that the specification does not know.
const extension = "https://prodgate.dev/attestation/decision/v1"

// Summary is the predicate.
type Summary struct {
	Verifier     VerifierID `json:"verifier"`
	TimeVerified time.Time  `json:"timeVerified"` // UTC
	ResourceURI  string     `json:"resourceUri"`
	Policy       Policy     `json:"policy"`
	Result       string     `json:"verificationResult"`

	// Levels has one value of our own, which names service, environment and kind: a
	// verifier that does not know Decision can require it.
	Levels []string `json:"verifiedLevels"`

	Decision Decision `json:"https://prodgate.dev/attestation/decision/v1"`
}

// VerifierID says which program verified.
type VerifierID struct {
	ID      string            `json:"id"`
	Version map[string]string `json:"version,omitempty"` // by component
}

// Policy identifies the rules and settings.
type Policy struct {
	URI         string            `json:"uri"`
	Digest      map[string]string `json:"digest"` // hexadecimal, by algorithm
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Decision is what the specification has no field for. Other verifiers ignore it.
type Decision struct {
	Service     string     `json:"service"`
	Environment string     `json:"environment"`
	Kind        string     `json:"kind"`
	Request     string     `json:"request"`
	Emergency   bool       `json:"emergency"`
	ValidUntil  *time.Time `json:"validUntil"` // until when the allow is valid; null: no end was found
	Findings    []Finding  `json:"findings"`   // waived findings and warnings
	InputDigest string     `json:"inputDigest"`
	Trail       *Entry     `json:"trail"` // null: not recorded
}

// Finding is one of the decision. Registries have more readers than trails, so it holds
// neither message nor persons; Item is only given for what a waiver covers.
type Finding struct {
	Code   string  `json:"code"`
	Effect string  `json:"effect"` // waived, warn
	Item   *string `json:"item"`
}

// Entry is the decision's entry in the audit trail.
type Entry struct {
	Seq      int64  `json:"seq"`
	LeafHash string `json:"leafHash"` // base64
}

// Of returns the summary of a decision by a version of the program, and the digest of
// the image that it is about. The error says why there is none: only an allow in mode
// enforce that nothing weakened has passed.
func Of(d *evaluator.Decision, program string) (s Summary, digest string, err error) {
	switch {
	case d.Outcome != evaluator.Allow || d.ExitCode != 0:
		return s, "", errors.New("the decision is not an allow")
	case d.Mode != evaluator.ModeEnforce:
		return s, "", fmt.Errorf("the decision has the mode %s, so it never counts", d.Mode)
	case len(d.Weakened) > 0:
		return s, "", fmt.Errorf("the gate was weakened: %s", strings.Join(d.Weakened, "; "))
	case d.Deploy == nil:
		return s, "", errors.New("the decision names no image")
	case slices.ContainsFunc(d.Findings, func(f evaluator.Finding) bool { return f.Effect == evaluator.EffectDeny }):
		return s, "", errors.New("the decision has a denial among its findings")
	}
	repository, digest, found := strings.Cut(*d.Deploy, "@")
	if !found || !strings.HasPrefix(digest, "sha256:") {
		return s, "", fmt.Errorf("the decision names %q, which has no digest", *d.Deploy)
	}
	s = Summary{
		Verifier:     VerifierID{ID: Verifier, Version: map[string]string{"prodgate": program}},
		TimeVerified: d.Now.UTC(),
		ResourceURI:  ResourceURI(repository, digest),
		Policy: Policy{
			URI:         "https://prodgate.dev/policies/" + d.Policy.Version,
			Digest:      map[string]string{"sha256": strings.TrimPrefix(d.Policy.Digest, "sha256:")},
			Annotations: map[string]string{"revision": d.Policy.Revision},
		},
		Result: Passed,
		Decision: Decision{
			Service: d.Request.Service, Environment: d.Request.Environment, Kind: d.Request.Kind,
			Request: d.Request.ID, Emergency: d.Request.Emergency, ValidUntil: inUTC(d.ValidUntil),
			Findings: []Finding{}, InputDigest: d.Input.Digest,
		},
	}
	s.Levels = []string{s.Decision.level()}
	if d.Trail != nil {
		s.Decision.Trail = &Entry{Seq: d.Trail.Seq, LeafHash: d.Trail.LeafHash}
	}
	for _, f := range d.Findings {
		shown := Finding{Code: f.Code, Effect: string(f.Effect)}
		if f.Effect == evaluator.EffectWaived {
			shown.Item = f.Item
		}
		if !slices.ContainsFunc(s.Decision.Findings, shown.same) {
			s.Decision.Findings = append(s.Decision.Findings, shown)
		}
	}
	return s, digest, nil
}

// level is the value of verifiedLevels.
func (d Decision) level() string {
	return "PRODGATE_ALLOW/" + d.Service + "/" + d.Environment + "/" + d.Kind
}

func (f Finding) same(other Finding) bool {
	return f.Code == other.Code && f.Effect == other.Effect && (f.Item == nil) == (other.Item == nil) && (f.Item == nil || *f.Item == *other.Item)
}

func inUTC(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	utc := at.UTC()
	return &utc
}

// ResourceURI is the package URL of an image: pkg:oci with the repository.
func ResourceURI(repository, digest string) string {
	name := strings.ToLower(repository[strings.LastIndex(repository, "/")+1:])
	return "pkg:oci/" + url.PathEscape(name) + "@" + url.QueryEscape(digest) + "?repository_url=" + strings.ReplaceAll(url.QueryEscape(repository), "%2F", "/")
}
