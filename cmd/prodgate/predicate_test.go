package main

import (
	"strings"
	"testing"
)

func TestPredicatesAreChecked(t *testing.T) {
	tests := []struct {
		typ, predicate string
		want           string // in the error; empty: accepted
	}{
		{"provenance", `{"buildDefinition": {}, "runDetails": {}}`, ""},
		{"provenance", `{"buildDefinition": {}}`, "runDetails must be an object"},
		{"provenance", `{"buildDefinition": null, "runDetails": {}}`, "buildDefinition must be an object"},
		{"test-result", `{"result": "FAILED", "configuration": []}`, ""},
		{"test-result", `{"result": "passed", "configuration": []}`, `result is "passed", and must be one of PASSED, WARNED, FAILED`},
		{"test-result", `{"configuration": []}`, "result must be one of PASSED, WARNED, FAILED"},
		{"test-result", `{"Result": "PASSED", "configuration": []}`, "result must be one of"},
		{"test-result", `{"result": "PASSED"}`, "configuration must be a list"},
		{"staging", `{"service": "app", "environment": "staging", "deployed_at": "2026-11-23T09:00:00Z", "restarted_at": null, "verification": null}`, ""},
		{"staging", `{"environment": "staging", "deployed_at": "2026-11-23T09:00:00Z", "restarted_at": null, "verification": null}`, "service is missing: the statement would count for nothing"},
		{"staging", `{"service": "app", "environment": "staging", "deployed_at": "2026-11-23T09:00:00Z", "verification": null}`, "restarted_at"},
		{"staging", `{"service": "app", "environment": "staging", "deployed_at": "2026-11-23T09:00:00Z", "restarted_at": null, "verification": {}}`, "result"},
		{"staging", `{"service": "app", "environment": "staging", "restarted_at": null, "verification": null}`, "deployed_at"},
		{"staging", `{}`, "missing"},
		{"approval", `{"approver": "mailto:lead@example.com", "decision": "approved", "approved_at": "2026-11-23T09:00:00Z", "service": "app", "environment": "production", "kind": "promotion"}`, ""},
		{"approval", `{"approver": "mailto:lead@example.com", "decision": "approved", "approved_at": "2026-11-23T09:00:00Z", "service": "app", "environment": "production"}`, "kind is missing"},
		{"approval", `{"approver": "lead", "decision": "approved", "approved_at": "2026-11-23T09:00:00Z"}`, "approver"},
		{"approval", `{"approver": "mailto:lead@example.com", "decision": "approved", "approved_at": "2026-11-23T09:00:00Z", "verified_by": "lead"}`, "verified_by"},
		{"waiver", `{"code": "soak.too_short"}`, "missing"},
		{"vuln", `{"scanner": {}, "metadata": {}}`, ""},
		{"vuln", `{"scanner": "trivy", "metadata": {}}`, "scanner must be an object"},
		{"cyclonedx", `{"bomFormat": "CycloneDX"}`, ""},
		{"cyclonedx", `{"spdxVersion": "SPDX-2.3"}`, "bomFormat must be one of CycloneDX"},
		{"spdx", `{"spdxVersion": "SPDX-2.3"}`, ""},
		{"spdx", `{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}`, ""},
		{"spdx", `{"bomFormat": "CycloneDX"}`, "spdxVersion must be a text"},
		{"openvex", `{"@context": "https://openvex.dev/ns/v0.2.0", "statements": []}`, ""},
		{"openvex", `{"@context": "https://openvex.dev/ns/v0.2.0"}`, "statements must be a list"},
		{"vsa", `{"verifier": {}, "policy": {}, "timeVerified": "2026-11-23T09:00:00Z", "resourceUri": "u", "verificationResult": "FAILED"}`, ""},
		{"vsa", `{"verifier": {}, "policy": {}, "timeVerified": "2026-11-23T09:00:00Z", "resourceUri": "u", "verificationResult": "ALLOW"}`, "must be one of PASSED, FAILED"},
		{"vsa", `{"verifier": {}, "policy": {}, "resourceUri": "u", "verificationResult": "PASSED"}`, "timeVerified must be a text"},
		{"https://example.com/any/v1", `{}`, ""},
		{"https://example.com/any/v1", `null`, "a predicate must be a JSON object"},
		{"https://example.com/any/v1", `{} {}`, "a predicate must be a JSON object"},
		{"https://example.com/any/v1", ``, "a predicate must be a JSON object"},
		{"https://example.com/any/v1", `{"predicateType": "x"}`, "not a predicate"},
	}
	for _, tt := range tests {
		t.Run(tt.typ+" "+tt.predicate, func(t *testing.T) {
			typ, err := findPredicateType(tt.typ)
			if err != nil {
				t.Fatal(err)
			}
			err = typ.examine([]byte(tt.predicate))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestTypesOfStatementsAreFoundByNameAndURI(t *testing.T) {
	for _, p := range predicateTypes {
		for _, word := range []string{p.name, p.uri} {
			if found, err := findPredicateType(word); err != nil || found.uri != p.uri || found.check == nil && !strings.HasPrefix(found.uri, "https://prodgate.dev/") {
				t.Errorf("%s is found as %s, %v", word, found.uri, err)
			}
		}
	}
	for _, word := range []string{"", "Provenance", "https://", "file:///etc/passwd", "https://example.com/a b", "https://example.com/\x1b[2J", "https://example.com/" + strings.Repeat("a", 1024)} {
		if found, err := findPredicateType(word); err == nil {
			t.Errorf("%q is found as %s", word, found.uri)
		}
	}
}
