package examples_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/fixture"
)

// TestTheProductionExampleBelievesSignaturesOnly decides on stories whose facts come from
// the systems that the example reads.
func TestTheProductionExampleBelievesSignaturesOnly(t *testing.T) {
	gate, err := evaluator.New(context.Background(), evaluator.Options{Packs: []string{"production/pack"}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := gate.Settings(context.Background(), "production", "payments-api")
	if err != nil {
		t.Fatal(err)
	}
	var settings struct {
		Sources struct {
			Unverified map[string]bool `json:"unverified"`
		} `json:"sources"`
	}
	if err := json.Unmarshal(text, &settings); err != nil {
		t.Fatal(err)
	}
	for section, unverified := range settings.Sources.Unverified {
		if unverified {
			t.Errorf("sources.unverified.%s is true", section)
		}
	}
	for _, tt := range []struct {
		name   string
		change func(d *facts.Document)
		code   string // of the denial; empty: allowed
	}{
		{"all is signed", func(*facts.Document) {}, ""},
		{"the build is not signed", func(d *facts.Document) { d.Build.VerifiedBy = nil }, "immutability.unsigned_build"},
		{"the stay is not signed", func(d *facts.Document) { d.Staging.VerifiedBy = nil }, "soak.unsigned"},
		{"the tests are not signed", func(d *facts.Document) { d.Staging.Verification.VerifiedBy = nil }, "staging.unsigned"},
		{"the approval is not signed", func(d *facts.Document) { d.Approvals[0].VerifiedBy = nil }, "approval.missing"},
		{"the build signed the approval", func(d *facts.Document) { d.Approvals[0].VerifiedBy = signer("release-2026") }, "approval.missing"},
		{"the SBOM is signed", func(d *facts.Document) { attachedSBOM(d, signer("release-2026")) }, ""},
		{"the SBOM is not signed", func(d *facts.Document) { attachedSBOM(d, nil) }, "vulnerabilities.inventory"},
		{"the scan is a file", func(d *facts.Document) { readFrom(d, "vulnerabilities", "file") }, "source.not_accepted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			document := signed(t)
			tt.change(document)
			decision, err := gate.Evaluate(context.Background(), document)
			if err != nil {
				t.Fatal(err)
			}
			if (decision.Outcome == evaluator.Allow) != (tt.code == "") || tt.code != "" && !slices.Contains(codes(decision), tt.code) {
				t.Errorf("%s %v, want %q", decision.Outcome, codes(decision), tt.code)
			}
		})
	}
}

// signed is an allowed promotion as the example collects it.
func signed(t *testing.T) *facts.Document {
	t.Helper()
	story, err := fixture.Load("../fixtures/cases/allow-recorded-steps")
	if err != nil {
		t.Fatal(err)
	}
	var document facts.Document
	if err := json.Unmarshal(story.Document, &document); err != nil {
		t.Fatal(err)
	}
	for _, section := range []string{"build", "staging", "approvals", "waivers"} {
		readFrom(&document, section, "attestation")
	}
	readFrom(&document, "vulnerabilities", "scan")
	document.Build.VerifiedBy = signer("release-2026")
	document.Staging.VerifiedBy = signer("staging-2026")
	asOf := document.CollectedAt.Add(-time.Minute)
	document.Staging.AsOf = &asOf
	document.Staging.Verification.VerifiedBy = signer("staging-2026")
	document.Approvals[0].VerifiedBy = signer("lead-2026")
	return &document
}

func signer(name string) *string { return &name }

// attachedSBOM says that the first scan is of an attached SBOM that signer signed.
func attachedSBOM(d *facts.Document, signer *string) {
	kind, scanner := "attached", "prodgate"
	scan := &d.Vulnerabilities.Scans[0]
	scan.Inventory, scan.Scanner, scan.InventoryBy = &kind, &scanner, signer
}

// readFrom says that a section was read from another kind of system.
func readFrom(d *facts.Document, section, kind string) {
	s := d.Sources[section]
	s.Kind = kind
	d.Sources[section] = s
}
