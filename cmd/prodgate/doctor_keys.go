package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/gate"
	"github.com/prodgate/prodgate/signing/keyless"
)

// keys shows the keys and identities whose signatures are verified, for what they are
// accepted, and until when.
func (d *diagnosis) keys(settings json.RawMessage) {
	trusted, err := gate.Trust(settings)
	if err != nil {
		d.fail("keys", "correct signatures in the policy pack; until then no signature is verified", "%v", err)
		return
	}
	names := map[string]bool{}
	for _, key := range trusted.Keys {
		names[key.Name] = true
		d.signer(trusted, "key "+key.Name, key.Name, key.Public.ID(), key.From, key.Until)
	}
	for _, i := range trusted.Identities {
		names[i.Name] = true
		d.signer(trusted, "identity "+i.Name, i.Name, i.Subject.Exact+i.Subject.Expression+" by "+i.Issuer.Exact+i.Issuer.Expression, i.From, i.Until)
	}
	for _, name := range slices.Sorted(maps.Keys(trusted.Roots)) {
		d.root(name, trusted.Roots[name])
	}
	for _, section := range slices.Sorted(maps.Keys(trusted.Signers)) {
		for _, name := range trusted.Signers[section] {
			if !names[name] {
				d.fail("signers", "add it to signatures.keys or signatures.identities, or remove the name", "sources.signers.%s lists %s, which signatures does not have", section, name)
			}
		}
	}
}

// signer shows a key or an identity.
func (d *diagnosis) signer(trusted gate.Trusted, row, name, id string, from, until *time.Time) {
	var accepted []string
	for _, section := range slices.Sorted(maps.Keys(trusted.Signers)) {
		if slices.Contains(trusted.Signers[section], name) {
			accepted = append(accepted, section)
		}
	}
	text := id + ", accepted for " + strings.Join(accepted, ", ")
	switch now := d.std.clock(); {
	case len(accepted) == 0:
		d.warn(row, "list it in sources.signers, or remove it", "%s, accepted for nothing", id)
	case until != nil && !now.Before(*until):
		d.warn(row, "sign again with its successor what must still count, then remove it", "%s: ended %s", text, until.Format(time.RFC3339))
	case from != nil && now.Before(*from):
		d.ok(row, "%s, from %s", text, from.Format(time.RFC3339))
	case until != nil:
		d.ok(row, "%s, until %s", text, until.Format(time.RFC3339))
	default:
		d.ok(row, "%s", text)
	}
}

// root shows until when the parts of a trusted root are in force.
func (d *diagnosis) root(name string, root *keyless.Root) {
	now := d.std.clock()
	var current []string
	for _, part := range root.Parts() {
		switch {
		case part.From.After(now) || !part.Until.IsZero() && !now.Before(part.Until):
		case part.Until.IsZero():
			current = append(current, strings.TrimSpace(part.Kind+" "+part.URI))
		default:
			current = append(current, strings.TrimSpace(part.Kind+" "+part.URI)+" until "+part.Until.UTC().Format(time.RFC3339))
		}
	}
	if len(current) == 0 {
		d.warn("root "+name, "replace the trusted root with the current one of its instance", "none of its %d parts is in force", len(root.Parts()))
		return
	}
	d.ok("root "+name, "%s", strings.Join(current, ", "))
}

// statements shows which signed statements of a section count, and which do not.
func (d *diagnosis) statements(name string, doc *facts.Document) {
	source := doc.Sources[name]
	if source.Status != facts.StatusOK {
		return
	}
	for _, what := range signedFacts(name, doc) {
		d.row("", "", what)
	}
	unverified := source.Unverified
	for _, system := range source.Systems {
		unverified = append(unverified, system.Unverified...)
	}
	for _, u := range unverified {
		d.warn(name, "sign it with a key or identity that sources.signers."+name+" lists, or remove it", "does not count, %s: %s", u.Statement, u.Reason)
	}
}

// signedFacts are the facts of a section with a verified signature.
func signedFacts(name string, doc *facts.Document) (list []string) {
	add := func(what string, signer *string) {
		if signer != nil {
			list = append(list, what+" signed by "+*signer)
		}
	}
	switch name {
	case "build":
		if doc.Build != nil {
			add("commit "+doc.Build.Commit, doc.Build.VerifiedBy)
		}
	case "staging":
		if s := doc.Staging; s != nil {
			add("stay since "+s.DeployedAt.UTC().Format(time.RFC3339), s.VerifiedBy)
			if s.Verification != nil {
				add("verification "+s.Verification.Result, s.Verification.VerifiedBy)
			}
		}
	case "approvals":
		for _, a := range doc.Approvals {
			add(a.Decision+" by "+a.Approver, a.VerifiedBy)
		}
	case "waivers":
		for _, w := range doc.Waivers {
			add("waiver of "+w.Code+" by "+w.Approver, w.VerifiedBy)
		}
	}
	return list
}
