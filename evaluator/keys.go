package evaluator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prodgate/prodgate/signing"
)

// TrustedKeys returns the keys whose signatures are verified for a service in an
// environment: those of the setting signatures.keys, sorted by name. The error is as
// in Settings.
func (e *Evaluator) TrustedKeys(ctx context.Context, environment, service string) ([]signing.Trusted, error) {
	text, err := e.Settings(ctx, environment, service)
	if err != nil {
		return nil, err
	}
	var settings struct {
		Signatures struct {
			Keys map[string]map[string]any `json:"keys"`
		} `json:"signatures"`
	}
	if err := json.Unmarshal(text, &settings); err != nil {
		return nil, fmt.Errorf("read the setting signatures.keys: %w", err)
	}
	keys := make([]signing.Trusted, 0, len(settings.Signatures.Keys))
	for _, name := range slices.Sorted(maps.Keys(settings.Signatures.Keys)) {
		key, err := trustedKey(name, settings.Signatures.Keys[name])
		if err != nil {
			return nil, fmt.Errorf("setting signatures.keys.%s: %w", name, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// trustedKey reads an entry of signatures.keys.
func trustedKey(name string, entry map[string]any) (signing.Trusted, error) {
	key := signing.Trusted{Name: name}
	for _, field := range slices.Sorted(maps.Keys(entry)) {
		text, ok := entry[field].(string)
		if !ok || text == "" {
			return key, fmt.Errorf("%s must be text", field)
		}
		var err error
		switch field {
		case "public":
			key.Public, err = signing.ParsePublic(name, []byte(text))
		case "from":
			key.From, err = keyTime(text)
		case "until":
			key.Until, err = keyTime(text)
		default:
			return key, fmt.Errorf("%s is unknown; a key has public, from, until%s", field, didYouMean(field, []string{"public", "from", "until"}))
		}
		if err != nil {
			return key, fmt.Errorf("%s: %w", field, err)
		}
	}
	if key.Public == nil {
		return key, fmt.Errorf("public is missing; it must be a public key in PEM (-----BEGIN PUBLIC KEY-----)")
	}
	return key, nil
}

func keyTime(text string) (*time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, fmt.Errorf("%q is not an RFC 3339 time such as 2026-01-01T00:00:00Z", text)
	}
	return &at, nil
}

// keys checks signatures.keys in one table of settings.
func (l *settingsLint) keys(path settingPath, set any) {
	table, ok := set.(map[string]any)
	if !ok {
		l.problem(path, "must be a table of keys")
		return
	}
	var trusted []signing.Trusted
	for _, name := range slices.Sorted(maps.Keys(table)) {
		entry, ok := table[name].(map[string]any)
		if !ok || !settingName.MatchString(name) {
			l.problem(path.key(name), "must be a table with public, from, until, under a name in lower case")
			continue
		}
		key, err := trustedKey(name, entry)
		if err != nil {
			l.problem(path.key(name), "%v", err)
			continue
		}
		trusted = append(trusted, key)
	}
	if _, err := signing.NewVerifier(trusted); err != nil {
		l.problem(path, "%v", err)
	}
}
