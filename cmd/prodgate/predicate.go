package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	statements "github.com/prodgate/prodgate/collectors/attestation"
	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/spelling"
)

// predicateType is a type of statements that has a short name.
type predicateType struct {
	name  string
	uri   string                                      // of the statements that are written
	older []string                                    // types of statements that are read as well
	check func(keys map[string]json.RawMessage) error // of a predicate that is to be signed; nil: any object
}

// predicateTypes lists all of them. The URIs are those of the specifications; cosign's
// for vulnerability reports, SBOMs and OpenVEX.
var predicateTypes = []predicateType{
	{"provenance", "https://slsa.dev/provenance/v1", []string{"https://slsa.dev/provenance/v0.2"}, checkProvenance},
	{"test-result", "https://in-toto.io/attestation/test-result/v0.1", nil, checkTestResult},
	{"staging", statements.TypeStaging, nil, nil},
	{"approval", statements.TypeApproval, nil, nil},
	{"waiver", statements.TypeWaiver, nil, nil},
	{"vuln", "https://cosign.sigstore.dev/attestation/vuln/v1", nil, checkVulnerabilities},
	{"cyclonedx", "https://cyclonedx.org/bom", nil, checkCycloneDX},
	{"spdx", "https://spdx.dev/Document", nil, checkSPDX},
	{"openvex", "https://openvex.dev/ns", []string{"https://openvex.dev/ns/v0.2.0"}, checkOpenVEX},
	{"vsa", "https://slsa.dev/verification_summary/v1", nil, checkSummary},
}

// predicateNames are the short names.
func predicateNames() []string {
	names := make([]string, 0, len(predicateTypes))
	for _, p := range predicateTypes {
		names = append(names, p.name)
	}
	return names
}

// findPredicateType returns the type with a short name or a URI. Any other URI is a
// type without a check.
func findPredicateType(word string, others ...string) (predicateType, error) {
	for _, p := range predicateTypes {
		if word == p.name || word == p.uri {
			return p, nil
		}
	}
	scheme, rest, found := strings.Cut(word, "://")
	if found && (scheme == "https" || scheme == "http") && rest != "" && len(word) <= 1024 && !strings.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return predicateType{uri: word}, nil
	}
	help := "one of " + strings.Join(predicateNames(), ", ") + ", or the URI of a predicate type"
	if hint := spelling.Hint(word, append(predicateNames(), others...)); hint != "" {
		help = hint
	}
	return predicateType{}, usage(help, "unknown type of statements %q", word)
}

// reads reports whether statements of a type of predicates are read as p.
func (p predicateType) reads(uri string) bool { return uri == p.uri || slices.Contains(p.older, uri) }

// examine returns an error if content cannot be the predicate of a statement of p.
func (p predicateType) examine(content []byte) error {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(content, &keys); err != nil || keys == nil {
		return errors.New("a predicate must be a JSON object")
	}
	if attestation.Wraps(keys) {
		return usage("give the predicate alone: prodgate makes the statement around it", "this is a statement or an attestation, not a predicate")
	}
	if err := statements.Check(p.uri, "predicate", content); err != nil {
		return err
	}
	if p.check == nil {
		return nil
	}
	if err := p.check(keys); err != nil {
		return fmt.Errorf("invalid predicate of the type %s: %w", p.uri, err)
	}
	return nil
}

// needText returns the text under key. A missing or empty one is an error, as is one
// that is not accepted, if any are listed.
func needText(keys map[string]json.RawMessage, key string, accepted ...string) error {
	var text string
	if err := json.Unmarshal(keys[key], &text); err != nil || text == "" {
		if len(accepted) > 0 {
			return fmt.Errorf("%s must be one of %s", key, strings.Join(accepted, ", "))
		}
		return fmt.Errorf("%s must be a text", key)
	}
	if len(accepted) > 0 && !slices.Contains(accepted, text) {
		return fmt.Errorf("%s is %.40q, and must be one of %s", key, text, strings.Join(accepted, ", "))
	}
	return nil
}

// needObjects returns an error unless there is an object under each of names.
func needObjects(keys map[string]json.RawMessage, names ...string) error {
	for _, name := range names {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(keys[name], &object); err != nil || object == nil {
			return fmt.Errorf("%s must be an object", name)
		}
	}
	return nil
}

func checkProvenance(keys map[string]json.RawMessage) error {
	return needObjects(keys, "buildDefinition", "runDetails")
}

func checkTestResult(keys map[string]json.RawMessage) error {
	if err := needText(keys, "result", "PASSED", "WARNED", "FAILED"); err != nil {
		return err
	}
	var configuration []json.RawMessage
	if err := json.Unmarshal(keys["configuration"], &configuration); err != nil || configuration == nil {
		return errors.New("configuration must be a list, of what configures the test; [] for nothing")
	}
	return nil
}

func checkVulnerabilities(keys map[string]json.RawMessage) error {
	return needObjects(keys, "scanner", "metadata")
}

func checkCycloneDX(keys map[string]json.RawMessage) error {
	return needText(keys, "bomFormat", "CycloneDX")
}

func checkSPDX(keys map[string]json.RawMessage) error {
	if _, v3 := keys["@context"]; v3 {
		return nil
	}
	return needText(keys, "spdxVersion")
}

func checkOpenVEX(keys map[string]json.RawMessage) error {
	var statements []json.RawMessage
	if err := json.Unmarshal(keys["statements"], &statements); err != nil || statements == nil {
		return errors.New("statements must be a list")
	}
	return needText(keys, "@context")
}

func checkSummary(keys map[string]json.RawMessage) error {
	if err := needObjects(keys, "verifier", "policy"); err != nil {
		return err
	}
	for _, name := range []string{"timeVerified", "resourceUri"} {
		if err := needText(keys, name); err != nil {
			return err
		}
	}
	return needText(keys, "verificationResult", "PASSED", "FAILED")
}

// warning says why "prodgate eval" will not count a valid predicate; empty if it will.
func (p predicateType) warning(predicate []byte) string {
	var keys map[string]json.RawMessage
	if p.uri == statements.TypeTestResult && json.Unmarshal(predicate, &keys) == nil && keys["finished_at"] == nil {
		return "the predicate has no finished_at (when the tests finished), so prodgate eval will not count a PASSED"
	}
	return ""
}
