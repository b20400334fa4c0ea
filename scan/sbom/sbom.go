// Package sbom reads SBOMs: CycloneDX (JSON, XML) and SPDX (JSON,
// tag-value), bare or wrapped in an in-toto statement, a DSSE envelope or a
// Sigstore bundle.
//
// It trusts an SBOM about what is installed and verifies no signature; which
// package is vulnerable is not its concern. What an SBOM names and could not be
// looked up is noted, never omitted, and so is an SBOM that lists no package.
package sbom

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/internal/packing"
	"github.com/prodgate/prodgate/scan/inventory"
)

// MaxSize bounds an SBOM, in bytes.
const MaxSize = 100 << 20

const (
	maxNesting    = 200     // of JSON values, and of components in components
	maxComponents = 500_000 // in one SBOM
	maxSBOMs      = 64      // in one file, counted once for each subject
)

// Read reads the SBOMs in content: one, or as many as a file of
// envelopes holds, one for each digest that it is about. name is what people
// call the file; it appears in errors and headings. Content may be packed by gzip
// or zstd. The kind of each inventory is
// inventory.KindSBOM; its Digest is what the SBOM, or the statement around it,
// says that it is about, and is empty where neither says so.
//
// An error means that content is not an SBOM that could be read.
func Read(name string, content []byte) (sboms []*inventory.Inventory, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			sboms, err = nil, fmt.Errorf("read SBOM %q: it breaks the reader: %v", name, broken)
		}
	}()
	if len(content) > MaxSize {
		return nil, fmt.Errorf("read SBOM %q: it has more than %d MiB", name, MaxSize>>20)
	}
	if content, err = packing.Bytes(content, MaxSize); err == nil {
		sboms, err = read(name, content)
	}
	if err != nil {
		return nil, fmt.Errorf("read SBOM %q: %w", name, err)
	}
	return sboms, nil
}

func read(name string, content []byte) ([]*inventory.Inventory, error) {
	found, err := open(content, 0)
	if err != nil {
		return nil, err
	}
	var sboms []*inventory.Inventory
	for _, b := range found {
		if len(b.components) > maxComponents {
			return nil, fmt.Errorf("it lists more than %d components", maxComponents)
		}
		inv := b.inventory(name)
		digests := b.subjects
		if len(digests) == 0 {
			digests = b.stated()
		} else if own := b.stated(); len(own) > 0 && !slices.ContainsFunc(own, func(d string) bool { return slices.Contains(digests, d) }) {
			inv.Note(name, "", "the SBOM says that it is about %s, and the statement around it says %s", strings.Join(own, ", "), strings.Join(digests, ", "))
			inv.Sort()
		}
		if len(digests) == 0 {
			digests = []string{""}
		}
		for _, d := range digests {
			one := *inv
			one.Digest = d
			one.Packages, one.Unread = slices.Clip(inv.Packages), slices.Clip(inv.Unread) // shared: both are in order
			sboms = append(sboms, &one)
		}
		if len(sboms) > maxSBOMs {
			return nil, fmt.Errorf("it holds more than %d SBOMs, each counted once for each image that it is about", maxSBOMs)
		}
	}
	return sboms, nil
}

// Check returns an error if inv must not be used as the content of the image with one of
// digests: because it is about another, or does not say what it is about.
func Check(inv *inventory.Inventory, digests ...string) error {
	switch {
	case slices.Contains(digests, inv.Digest) && inv.Digest != "":
		return nil
	case inv.Digest == "":
		return fmt.Errorf("the SBOM does not say which image it is about, and %s is required", strings.Join(digests, " or "))
	}
	return fmt.Errorf("the SBOM is about %s, and not about %s", inv.Digest, strings.Join(digests, " or "))
}

// ErrNotSBOM means that the content is not an SBOM.
var ErrNotSBOM = errors.New("not an SBOM: CycloneDX (JSON or XML), SPDX 2 (JSON or tag-value) and in-toto statements of them are read")

// open finds the SBOMs in content, which is wrapped depth times.
func open(content []byte, depth int) ([]*document, error) {
	content = bytes.TrimSpace(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")))
	switch {
	case depth > 3:
		return nil, errors.New("it is wrapped more than three times")
	case len(content) == 0:
		return nil, errors.New("it is empty")
	case content[0] == '<':
		return one(readXML(content))
	case content[0] != '{':
		return one(readTagValue(content))
	}
	outer, err := shape(content)
	if errors.Is(err, errTrailing) {
		if lines := bytes.Split(content, []byte("\n")); len(lines) > 1 {
			return openLines(lines, depth)
		}
	}
	if err != nil {
		return nil, err
	}
	return openJSON(content, outer, depth)
}

// openJSON finds the SBOMs in a document with those keys.
func openJSON(content []byte, outer map[string]json.RawMessage, depth int) ([]*document, error) {
	format, mediaType := text(outer["bomFormat"]), text(outer["mediaType"])
	_, graph := outer["@graph"]
	_, payload := outer["payloadType"]
	switch {
	case format == "CycloneDX":
		return one(readCycloneDX(content))
	case format != "":
		return nil, fmt.Errorf("bomFormat is %q, and CycloneDX is read", format)
	case outer["spdxVersion"] != nil, text(outer["SPDXID"]) == documentID:
		return one(readSPDX(content))
	case graph, bytes.Contains(outer["@context"], []byte("spdx.org")):
		return nil, errors.New("it is SPDX 3, and SPDX 2.1, 2.2 and 2.3 are read: let the tool that made it write one of those")
	case len(outer["dsseEnvelope"]) > 0:
		return openAttestation(content, depth)
	case strings.HasPrefix(mediaType, "application/vnd.dev.sigstore.bundle"):
		return nil, fmt.Errorf("the Sigstore bundle signs a digest, and holds no statement: %w", ErrOther)
	case payload, strings.HasPrefix(text(outer["_type"]), "https://in-toto.io/Statement/"):
		return openAttestation(content, depth)
	}
	return nil, ErrNotSBOM
}

func one(b *document, err error) ([]*document, error) {
	if err != nil {
		return nil, err
	}
	return []*document{b}, nil
}

var digestShape = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
