package keyless

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// maxRoot is the largest file, in bytes, that is read as a trusted root.
const maxRoot = 1 << 20

// Root is the trusted root of one Sigstore instance: its certificate authorities,
// its logs and its timestamp authorities.
type Root struct {
	name     string
	material *root.TrustedRoot
}

// ParseRoot reads a trusted root: a file trusted_root.json, as Sigstore publishes it
// and "cosign trusted-root create" writes it. name is what errors call it: a file.
// A root by which no time could be proven is an error.
func ParseRoot(name string, content []byte) (*Root, error) {
	material, err := parseRoot(content)
	if err != nil {
		return nil, fmt.Errorf("read trusted root %q: %w", name, err)
	}
	return &Root{name: name, material: material}, nil
}

func parseRoot(content []byte) (material *root.TrustedRoot, err error) {
	defer func() {
		if p := recover(); p != nil {
			material, err = nil, fmt.Errorf("the library cannot read it: %v", p)
		}
	}()
	if len(content) > maxRoot {
		return nil, fmt.Errorf("%d bytes; a trusted root has at most %d", len(content), maxRoot)
	}
	if err := single(content); err != nil {
		return nil, err
	}
	material, err = root.NewTrustedRootFromJSON(content)
	if err != nil {
		return nil, plain(err)
	}
	switch {
	case len(material.FulcioCertificateAuthorities()) == 0:
		return nil, errors.New("names no certificate authority")
	case len(material.RekorLogs()) == 0 && len(material.TimestampingAuthorities()) == 0:
		return nil, errors.New("names neither a transparency log nor a timestamp authority, so it cannot prove when something was signed")
	}
	return material, nil
}

// single returns an error for content that is not one JSON value.
func single(content []byte) error {
	d := json.NewDecoder(bytes.NewReader(content))
	var value json.RawMessage
	if err := d.Decode(&value); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("it ends too early")
		}
		return fmt.Errorf("not JSON: %w", err)
	}
	if d.More() {
		return errors.New("contains several values, as gh writes several roots; must contain one")
	}
	return nil
}

// requirements are what each bundle must prove: all that the root can check. An
// instance without a transparency log has timestamps instead.
func (r *Root) requirements() []verify.VerifierOption {
	options := []verify.VerifierOption{verify.WithObserverTimestamps(1), verify.WithoutStatementPredicate()}
	if len(r.material.RekorLogs()) > 0 {
		options = append(options, verify.WithTransparencyLog(1))
	}
	if len(r.material.CTLogs()) > 0 {
		options = append(options, verify.WithSignedCertificateTimestamps(1))
	}
	return options
}

// Part is one of what a trusted root consists of.
type Part struct {
	Kind string // "certificate authority", "transparency log", "certificate log" or "timestamp authority"
	URI  string // may be empty
	// When it is in force, in UTC; zero is no bound.
	From, Until time.Time
}

// Parts lists what the root consists of, by kind and time.
func (r *Root) Parts() []Part {
	var parts []Part
	for _, ca := range r.material.FulcioCertificateAuthorities() {
		if f, ok := ca.(*root.FulcioCertificateAuthority); ok {
			parts = append(parts, Part{"certificate authority", f.URI, f.ValidityPeriodStart, f.ValidityPeriodEnd})
		}
	}
	for kind, logs := range map[string]map[string]*root.TransparencyLog{
		"transparency log": r.material.RekorLogs(),
		"certificate log":  r.material.CTLogs(),
	} {
		for _, l := range logs {
			parts = append(parts, Part{kind, l.BaseURL, l.ValidityPeriodStart, l.ValidityPeriodEnd})
		}
	}
	for _, tsa := range r.material.TimestampingAuthorities() {
		if t, ok := tsa.(*root.SigstoreTimestampingAuthority); ok {
			parts = append(parts, Part{"timestamp authority", t.URI, t.ValidityPeriodStart, t.ValidityPeriodEnd})
		}
	}
	slices.SortFunc(parts, func(a, b Part) int {
		if c := strings.Compare(a.Kind, b.Kind); c != 0 {
			return c
		}
		if c := a.From.Compare(b.From); c != 0 {
			return c
		}
		return strings.Compare(a.URI, b.URI)
	})
	return parts
}
