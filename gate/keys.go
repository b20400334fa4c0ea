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

// verifier verifies signatures with the keys that the settings trust for a request.
func (g *Gate) verifier(req facts.Request) func(context.Context) (source.Verifier, error) {
	return func(ctx context.Context) (source.Verifier, error) {
		if g.Policies == nil {
			return nil, errors.New("signatures cannot be verified: no policies are loaded, and their settings name the keys")
		}
		settings, err := g.Policies.Settings(ctx, req.Environment, req.Service)
		if err != nil {
			return nil, err
		}
		keys, err := TrustedKeys(settings)
		if err != nil {
			return nil, err
		}
		return signing.NewVerifier(keys)
	}
}

// TrustedKeys returns the keys in settings (Evaluator.Settings) whose signatures are
// verified: those of signatures.keys, sorted by name.
func TrustedKeys(settings json.RawMessage) ([]signing.Trusted, error) {
	var found struct {
		Signatures struct {
			Keys map[string]struct {
				Public string     `json:"public"`
				From   *time.Time `json:"from"`
				Until  *time.Time `json:"until"`
			} `json:"keys"`
		} `json:"signatures"`
	}
	if err := json.Unmarshal(settings, &found); err != nil {
		return nil, fmt.Errorf("setting signatures.keys: %w", err)
	}
	keys := make([]signing.Trusted, 0, len(found.Signatures.Keys))
	for _, name := range slices.Sorted(maps.Keys(found.Signatures.Keys)) {
		key := found.Signatures.Keys[name]
		public, err := signing.ParsePublic("setting signatures.keys."+name, []byte(key.Public))
		if err != nil {
			return nil, err
		}
		keys = append(keys, signing.Trusted{Name: name, Public: public, From: key.From, Until: key.Until})
	}
	return keys, nil
}
