package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/gate"
	"github.com/prodgate/prodgate/signing"
)

// keys shows the keys whose signatures are verified, for what they are accepted, and
// until when.
func (d *diagnosis) keys(settings json.RawMessage) {
	trusted, err := gate.Trust(settings)
	if err == nil {
		_, err = signing.NewVerifier(trusted.Keys)
	}
	if err != nil {
		d.fail("keys", "correct signatures.keys in the policy pack; until then no signature is verified", "%v", err)
		return
	}
	now := d.std.clock()
	for _, key := range trusted.Keys {
		var accepted []string
		for _, section := range slices.Sorted(maps.Keys(trusted.Signers)) {
			if slices.Contains(trusted.Signers[section], key.Name) {
				accepted = append(accepted, section)
			}
		}
		name, text := "key "+key.Name, key.Public.ID()+", accepted for "+strings.Join(accepted, ", ")
		switch {
		case len(accepted) == 0:
			d.warn(name, "list it in sources.signers, or remove it", "%s, accepted for nothing", key.Public.ID())
		case key.Until != nil && !now.Before(*key.Until):
			d.warn(name, "sign again with its successor what must still count, then remove it", "%s: ended %s", text, key.Until.Format(time.RFC3339))
		case key.From != nil && now.Before(*key.From):
			d.ok(name, "%s, from %s", text, key.From.Format(time.RFC3339))
		case key.Until != nil:
			d.ok(name, "%s, until %s", text, key.Until.Format(time.RFC3339))
		default:
			d.ok(name, "%s", text)
		}
	}
	for _, section := range slices.Sorted(maps.Keys(trusted.Signers)) {
		for _, name := range trusted.Signers[section] {
			if !slices.ContainsFunc(trusted.Keys, func(k signing.Trusted) bool { return k.Name == name }) {
				d.fail("signers", "add the key to signatures.keys, or remove the name", "sources.signers.%s lists %s, which signatures.keys does not have", section, name)
			}
		}
	}
}
