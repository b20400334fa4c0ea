// Package sbom reads bills of materials: CycloneDX (JSON, XML) and SPDX (JSON,
// tag-value), bare or wrapped in an in-toto statement, a DSSE envelope or a
// Sigstore bundle.
//
// It takes a bill's word for what is installed and verifies no signature; which
// package is vulnerable is not its concern. What a bill names and nobody could
// look up is noted, never left out, and a bill that lists no package says so.
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

// MaxSize bounds a bill of materials, in bytes.
const MaxSize = 100 << 20

const (
	maxNesting    = 200     // of JSON values, and of components in components
	maxComponents = 500_000 // in one bill
	maxBills      = 64      // in one file, counted once for each subject
)

// Read reads the bills of materials in content: one, or as many as a file of
// envelopes holds, one for each digest that it speaks of. name is what people
// call the file; it stands in errors and headings. Content may be packed by gzip
// or zstd. The kind of each inventory is
// inventory.KindSBOM; its Digest is what the bill, or the statement around it,
// says that it is about, and is empty where neither says so.
//
// An error means that content is no bill of materials that could be read.
func Read(name string, content []byte) (bills []*inventory.Inventory, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			bills, err = nil, fmt.Errorf("read bill of materials %q: it breaks the reader: %v", name, broken)
		}
	}()
	if len(content) > MaxSize {
		return nil, fmt.Errorf("read bill of materials %q: it has more than %d MiB", name, MaxSize>>20)
	}
	if content, err = packing.Bytes(content, MaxSize); err == nil {
		bills, err = read(name, content)
	}
	if err != nil {
		return nil, fmt.Errorf("read bill of materials %q: %w", name, err)
	}
	return bills, nil
}

func read(name string, content []byte) ([]*inventory.Inventory, error) {
	found, err := open(content, 0)
	if err != nil {
		return nil, err
	}
	var bills []*inventory.Inventory
	for _, b := range found {
		if len(b.components) > maxComponents {
			return nil, fmt.Errorf("it lists more than %d components", maxComponents)
		}
		inv := b.inventory(name)
		digests := b.subjects
		if len(digests) == 0 {
			digests = b.stated()
		} else if own := b.stated(); len(own) > 0 && !slices.ContainsFunc(own, func(d string) bool { return slices.Contains(digests, d) }) {
			inv.Note(name, "", "the bill says that it is about %s, and the statement around it says %s", strings.Join(own, ", "), strings.Join(digests, ", "))
			inv.Sort()
		}
		if len(digests) == 0 {
			digests = []string{""}
		}
		for _, d := range digests {
			one := *inv
			one.Digest = d
			one.Packages, one.Unread = slices.Clip(inv.Packages), slices.Clip(inv.Unread) // shared: both are in order
			bills = append(bills, &one)
		}
		if len(bills) > maxBills {
			return nil, fmt.Errorf("it holds more than %d bills of materials, each counted once for each image that it is about", maxBills)
		}
	}
	return bills, nil
}

// Check says why inv must not be taken for what is in the image with one of
// digests: because it is about another, or does not say what it is about.
func Check(inv *inventory.Inventory, digests ...string) error {
	switch {
	case slices.Contains(digests, inv.Digest) && inv.Digest != "":
		return nil
	case inv.Digest == "":
		return fmt.Errorf("the bill of materials does not say which image it is about, and %s is asked for", strings.Join(digests, " or "))
	}
	return fmt.Errorf("the bill of materials is about %s, and not about %s", inv.Digest, strings.Join(digests, " or "))
}

// ErrNoBill says that bytes are something else than a bill of materials.
var ErrNoBill = errors.New("it is no bill of materials: CycloneDX (JSON or XML), SPDX 2 (JSON or tag-value) and in-toto statements of them are read")

// open finds the bills in content, which lies depth wrappings deep.
func open(content []byte, depth int) ([]*bill, error) {
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

// openJSON finds the bills in a document with those keys.
func openJSON(content []byte, outer map[string]json.RawMessage, depth int) ([]*bill, error) {
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
	return nil, ErrNoBill
}

func one(b *bill, err error) ([]*bill, error) {
	if err != nil {
		return nil, err
	}
	return []*bill{b}, nil
}

var digestShape = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
