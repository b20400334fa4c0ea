// Package sarif has the parts of SARIF 2.1.0 that the reports of prodgate write,
// and what code scanning demands of them.
package sarif

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/prodgate/prodgate/internal/print"
)

// The parts of SARIF that are written. Texts of messages must be escaped with Message.
type (
	// Log is a SARIF file.
	Log struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []Run  `json:"runs"`
	}
	// Run is an object of that name in SARIF.
	Run struct {
		Tool        Tool           `json:"tool"`
		Invocations []Invocation   `json:"invocations"`
		Results     []Result       `json:"results"`
		Properties  map[string]any `json:"properties"`

		index map[string]int // of rules, by id
	}
	// Tool is an object of that name in SARIF.
	Tool struct {
		Driver Driver `json:"driver"`
	}
	// Driver is an object of that name in SARIF.
	Driver struct {
		Name           string `json:"name"`
		InformationURI string `json:"informationUri"`
		Version        string `json:"version,omitempty"`
		Rules          []Rule `json:"rules"`
	}
	// Rule is an object of that name in SARIF.
	Rule struct {
		ID               string         `json:"id"`
		ShortDescription Text           `json:"shortDescription"`
		FullDescription  Text           `json:"fullDescription"`
		Help             Text           `json:"help"`
		HelpURI          string         `json:"helpUri,omitempty"`
		Configuration    Level          `json:"defaultConfiguration"`
		Properties       map[string]any `json:"properties"`
	}
	// Text is an object of that name in SARIF.
	Text struct {
		Text string `json:"text"`
	}
	// Level is an object of that name in SARIF.
	Level struct {
		Level string `json:"level"`
	}

	// Invocation is an object of that name in SARIF.
	Invocation struct {
		Successful    bool           `json:"executionSuccessful"` // a decision was made
		ExitCode      int            `json:"exitCode"`
		Notifications []Notification `json:"toolExecutionNotifications,omitempty"`
	}
	// Notification is an object of that name in SARIF.
	Notification struct {
		Level   string `json:"level"`
		Message Text   `json:"message"`
	}
	// Result is an object of that name in SARIF.
	Result struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      Text              `json:"message"`
		Locations    []Location        `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Suppressions []Suppression     `json:"suppressions,omitempty"`
		Properties   map[string]any    `json:"properties,omitempty"`
	}
	// Location is an object of that name in SARIF.
	Location struct {
		Physical Physical  `json:"physicalLocation"`
		Logical  []Logical `json:"logicalLocations,omitempty"`
	}
	// Physical is an object of that name in SARIF.
	Physical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region struct {
			StartLine int `json:"startLine"`
		} `json:"region"`
	}
	// Logical is an object of that name in SARIF.
	Logical struct {
		Name string `json:"fullyQualifiedName"`
	}
	// Suppression is an object of that name in SARIF.
	Suppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
)

const (
	schema = "https://json.schemastore.org/sarif-2.1.0.json"
	home   = "https://github.com/prodgate/prodgate"

	// Unplaced is the file to point into when there is no better one: code scanning
	// refuses results without a file, and this is where a repository configures its
	// gate.
	Unplaced = "prodgate.yaml"
)

// Message returns lines of clean text as a message, in which {0} would be a
// placeholder and [text](link) a link.
func Message(s string) Text { return Text{Text: print.SARIF(s)} }

// Prodgate is the tool that ran; version may be empty.
func Prodgate(version string) Tool {
	return Tool{Driver: Driver{Name: "prodgate", InformationURI: home, Version: version, Rules: []Rule{}}}
}

// RuleIndex returns the index of the rule with an id; if there is none yet, rule
// makes it.
func (r *Run) RuleIndex(id string, rule func() Rule) int {
	if r.index == nil {
		r.index = map[string]int{}
	}
	at, known := r.index[id]
	if !known {
		at = len(r.Tool.Driver.Rules)
		r.index[id] = at
		r.Tool.Driver.Rules = append(r.Tool.Driver.Rules, rule())
	}
	return at
}

// Print returns the log of one run.
func Print(run Run) ([]byte, error) {
	return print.JSON(Log{Schema: schema, Version: "2.1.0", Runs: []Run{run}})
}

// Place points at a line, from 1, of a file. A relative path stays one, an absolute
// one becomes a file:// address.
func Place(file string, line int) Location {
	address := url.URL{Path: filepath.ToSlash(file)}
	if strings.HasPrefix(address.Path, "/") {
		address.Scheme = "file"
	}
	var location Location
	location.Physical.Artifact.URI = address.String()
	location.Physical.Region.StartLine = max(1, line)
	return location
}

// Fingerprint lets code scanning recognise that two runs found the same thing: that
// with the same parts.
func Fingerprint(parts ...string) map[string]string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return map[string]string{"prodgate/v1": hex.EncodeToString(sum[:])}
}
