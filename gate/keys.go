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
)

// verifier verifies signatures with the keys that the settings accept for a section.
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

// Trusted are the keys that settings name, and what they are accepted for.
type Trusted struct {
	Keys    []signing.Trusted   // signatures.keys, sorted by name
	Signers map[string][]string // sources.signers: names of keys by section
}

// Trust returns whose signatures settings (Evaluator.Settings) accept.
func Trust(settings json.RawMessage) (Trusted, error) {
	var found struct {
		Sources struct {
			Signers map[string][]string `json:"signers"`
		} `json:"sources"`
		Signatures struct {
			Keys map[string]struct {
				Public string     `json:"public"`
				From   *time.Time `json:"from"`
				Until  *time.Time `json:"until"`
			} `json:"keys"`
		} `json:"signatures"`
	}
	if err := json.Unmarshal(settings, &found); err != nil {
		return Trusted{}, fmt.Errorf("settings signatures.keys and sources.signers: %w", err)
	}
	trusted := Trusted{Signers: found.Sources.Signers}
	for _, name := range slices.Sorted(maps.Keys(found.Signatures.Keys)) {
		key := found.Signatures.Keys[name]
		public, err := signing.ParsePublic("setting signatures.keys."+name, []byte(key.Public))
		if err != nil {
			return Trusted{}, err
		}
		trusted.Keys = append(trusted.Keys, signing.Trusted{Name: name, Public: public, From: key.From, Until: key.Until})
	}
	return trusted, nil
}

// verifier verifies signatures for a section.
func (t Trusted) verifier(section string) (sectionVerifier, error) {
	v := sectionVerifier{section: section}
	var accepted, others []signing.Trusted
	for _, key := range t.Keys {
		if slices.Contains(t.Signers[section], key.Name) {
			accepted = append(accepted, key)
		} else {
			others = append(others, key)
		}
	}
	_, err := signing.NewVerifier(t.Keys) // no key has two names
	if err == nil {
		v.accepted, err = signing.NewVerifier(accepted)
	}
	if err == nil {
		v.others, err = signing.NewVerifier(others)
	}
	return v, err
}

// sectionVerifier accepts the keys of one section. It knows the others, to say why
// their signatures do not count.
type sectionVerifier struct {
	section          string
	accepted, others *signing.Verifier
}

// Verify returns the name of an accepted key that signed a.
func (v sectionVerifier) Verify(a source.Attestation, at time.Time) (string, error) {
	name, err := v.accepted.Verify(a, at)
	if err == nil {
		return name, nil
	}
	if other, no := v.others.Verify(a, at); no == nil {
		return "", fmt.Errorf("it is signed by %s, which the setting sources.signers.%s does not list", other, v.section)
	}
	return "", err
}
