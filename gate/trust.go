package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/signing"
	"github.com/prodgate/prodgate/signing/keyless"
)

// verifier verifies signatures with what the settings accept for a section.
func (g *Gate) verifier(req facts.Request) func(context.Context, string) (source.Verifier, error) {
	return func(ctx context.Context, section string) (source.Verifier, error) {
		if g.Policies == nil {
			return nil, errors.New("signatures cannot be verified: no policies are loaded, and their settings name the keys")
		}
		settings, err := g.Policies.Settings(ctx, req.Environment, req.Service)
		if err != nil {
			return nil, err
		}
		trusted, err := Trust(settings)
		if err != nil {
			return nil, err
		}
		return trusted.verifier(section)
	}
}

// Trusted are the keys and identities that settings name, and what they are accepted
// for.
type Trusted struct {
	Keys       []signing.Trusted        // signatures.keys, sorted by name
	Identities []Identity               // signatures.identities, sorted by name
	Roots      map[string]*keyless.Root // signatures.roots
	Signers    map[string][]string      // sources.signers: names of keys and identities by section

	tolerance time.Duration // by how much clocks may differ
}

// Identity is a keyless identity whose signatures count if it signed from From
// (inclusive) until Until (exclusive); nil is no bound. The time is the one that a log or
// a timestamp authority proves.
type Identity struct {
	keyless.Identity
	Root        string // in Trusted.Roots
	From, Until *time.Time
}

// trustSettings are the settings that Trust reads.
type trustSettings struct {
	Sources struct {
		Signers   map[string][]string `json:"signers"`
		Tolerance string              `json:"clock_tolerance"`
	} `json:"sources"`
	Signatures struct {
		Keys map[string]struct {
			Public string     `json:"public"`
			From   *time.Time `json:"from"`
			Until  *time.Time `json:"until"`
		} `json:"keys"`
		Identities map[string]struct {
			Root           string     `json:"root"`
			Subject        string     `json:"subject"`
			SubjectPattern string     `json:"subject_pattern"`
			Issuer         string     `json:"issuer"`
			IssuerPattern  string     `json:"issuer_pattern"`
			From           *time.Time `json:"from"`
			Until          *time.Time `json:"until"`
		} `json:"identities"`
		Roots map[string]string `json:"roots"`
	} `json:"signatures"`
}

// Trust returns whose signatures settings (Evaluator.Settings) accept. It is an error if
// one of them cannot be used.
func Trust(settings json.RawMessage) (Trusted, error) {
	var found trustSettings
	if err := json.Unmarshal(settings, &found); err != nil {
		return Trusted{}, fmt.Errorf("settings signatures and sources.signers: %w", err)
	}
	t := Trusted{Signers: found.Sources.Signers, Roots: map[string]*keyless.Root{}}
	t.tolerance, _ = time.ParseDuration(found.Sources.Tolerance) // none if it is not one
	for _, name := range slices.Sorted(maps.Keys(found.Signatures.Keys)) {
		key := found.Signatures.Keys[name]
		public, err := signing.ParsePublic("setting signatures.keys."+name, []byte(key.Public))
		if err != nil {
			return Trusted{}, err
		}
		t.Keys = append(t.Keys, signing.Trusted{Name: name, Public: public, From: key.From, Until: key.Until})
	}
	for _, name := range slices.Sorted(maps.Keys(found.Signatures.Roots)) {
		root, err := keyless.ParseRoot("setting signatures.roots."+name, []byte(found.Signatures.Roots[name]))
		if err != nil {
			return Trusted{}, err
		}
		t.Roots[name] = root
	}
	for _, name := range slices.Sorted(maps.Keys(found.Signatures.Identities)) {
		i := found.Signatures.Identities[name]
		if _, ok := found.Signatures.Keys[name]; ok {
			return Trusted{}, fmt.Errorf("settings signatures.keys and signatures.identities: both have the name %s", name)
		}
		if t.Roots[i.Root] == nil {
			return Trusted{}, fmt.Errorf("setting signatures.identities.%s.root: signatures.roots has no %q", name, i.Root)
		}
		identity := Identity{Root: i.Root, From: i.From, Until: i.Until, Identity: keyless.Identity{
			Name:    name,
			Subject: keyless.Pattern{Exact: i.Subject, Expression: i.SubjectPattern},
			Issuer:  keyless.Pattern{Exact: i.Issuer, Expression: i.IssuerPattern},
		}}
		if _, err := keyless.New(t.Roots[i.Root], []keyless.Identity{identity.Identity}); err != nil {
			return Trusted{}, fmt.Errorf("setting signatures.identities.%s: %w", name, err)
		}
		t.Identities = append(t.Identities, identity)
	}
	_, err := t.only(func(string) bool { return true }) // no key has two names
	return t, err
}

// only verifies with the keys and identities that a section accepts, or does not.
func (t Trusted) only(accepted func(name string) bool) (*signing.Verifier, error) {
	keys := slices.DeleteFunc(slices.Clone(t.Keys), func(k signing.Trusted) bool { return !accepted(k.Name) })
	byRoot := map[string][]keyless.Identity{}
	for _, i := range t.Identities {
		if accepted(i.Name) {
			byRoot[i.Root] = append(byRoot[i.Root], i.Identity)
		}
	}
	var verifiers []signing.Keyless
	for _, root := range slices.Sorted(maps.Keys(byRoot)) {
		v, err := keyless.New(t.Roots[root], byRoot[root])
		if err != nil {
			return nil, fmt.Errorf("settings signatures.identities: %w", err)
		}
		verifiers = append(verifiers, v)
	}
	return signing.NewVerifier(keys, verifiers...)
}

// verifier verifies signatures for a section.
func (t Trusted) verifier(section string) (sectionVerifier, error) {
	v := sectionVerifier{trusted: t, section: section}
	listed := func(name string) bool { return slices.Contains(t.Signers[section], name) }
	var err error
	if v.accepted, err = t.only(listed); err != nil {
		return v, err
	}
	v.others, err = t.only(func(name string) bool { return !listed(name) })
	return v, err
}

// sectionVerifier accepts the keys and identities of one section. It knows the others,
// to say why their signatures do not count.
type sectionVerifier struct {
	trusted          Trusted
	section          string
	accepted, others *signing.Verifier
}

// Verify returns the name of the accepted key or identity that signed a.
func (v sectionVerifier) Verify(a source.Attestation, at time.Time) (string, error) {
	signed, err := v.accepted.Verify(a, at)
	if err == nil {
		return signed.Name, v.trusted.inTime(signed, at)
	}
	if other, no := v.others.Verify(a, at); no == nil {
		return "", fmt.Errorf("it is signed by %s, which the setting sources.signers.%s does not list", other.Name, v.section)
	}
	return "", err
}

// inTime compares the proven time of a keyless signature with the identity's period and
// with now.
func (t Trusted) inTime(signed signing.SignedBy, now time.Time) error {
	i := slices.IndexFunc(t.Identities, func(i Identity) bool { return i.Name == signed.Name })
	if i < 0 {
		return nil // a key: its period was compared with now
	}
	when := signed.At.UTC().Format(time.RFC3339)
	switch identity := t.Identities[i]; {
	case signed.At.IsZero():
		return fmt.Errorf("it is signed by %s at an unknown time", signed.Name)
	case signed.At.After(now.Add(t.tolerance)):
		return fmt.Errorf("it is signed by %s at %s, which is in the future", signed.Name, when)
	case identity.From != nil && signed.At.Before(*identity.From):
		return fmt.Errorf("it is signed by %s at %s, and the identity is trusted from %s", signed.Name, when, identity.From.UTC().Format(time.RFC3339))
	case identity.Until != nil && !signed.At.Before(*identity.Until):
		return fmt.Errorf("it is signed by %s at %s, and the identity is trusted until %s", signed.Name, when, identity.Until.UTC().Format(time.RFC3339))
	}
	return nil
}
