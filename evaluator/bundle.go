package evaluator

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A bundle holds everything that decided, so that a decision can be made again
// when the policies have long been others. It is a bundle as stock OPA reads it:
// "opa eval -b" on it gives the decision, too.
//
//	.manifest          revision, roots, and under metadata what Policy and Zones say
//	data.json          all data: the shipped settings, the organisation's
//	prodgate/v1/…      the shipped rules, without their tests
//	packs/<check>/…    the packs' rules, numbered: where a pack lay is no part of it
const (
	bundleManifest = ".manifest"
	bundleData     = "data.json"
	bundleShipped  = "prodgate/v1/"
	bundlePacks    = "packs/"
)

// compression takes half the time of the best, for one in a hundred bytes more:
// every recorded decision writes a bundle.
const compression = 5

// bundleManifestFile is .manifest, as OPA reads it.
type bundleManifestFile struct {
	Revision    string         `json:"revision"`
	Roots       []string       `json:"roots"`
	RegoVersion int            `json:"rego_version"`
	Metadata    bundleMetadata `json:"metadata"`
}

// bundleMetadata is what OPA keeps and does not read.
type bundleMetadata struct {
	Policy PolicyID `json:"prodgate"`
	Zones  string   `json:"zones,omitempty"` // the release of the time zone data
}

// Bundle is everything that decides: every rule, all data, and the identity that
// Policy returns. The same policies give the same bytes, wherever the packs lie.
// [NewFromBundle] reads it.
func (e *Evaluator) Bundle() ([]byte, error) {
	files, err := e.bundleFiles()
	if err != nil {
		return nil, fmt.Errorf("write policy bundle: %w", err)
	}
	var buffer bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&buffer, compression)
	if err != nil {
		return nil, fmt.Errorf("write policy bundle: %w", err)
	}
	archive := tar.NewWriter(zipped)
	for _, file := range files {
		header := &tar.Header{Format: tar.FormatPAX, Typeflag: tar.TypeReg, Name: file.name, Mode: 0o644, Size: int64(len(file.text))}
		if err := archive.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("write policy bundle: %s: %w", file.name, err)
		}
		if _, err := archive.Write([]byte(file.text)); err != nil {
			return nil, fmt.Errorf("write policy bundle: %s: %w", file.name, err)
		}
	}
	if err := cmp.Or(archive.Close(), zipped.Close()); err != nil {
		return nil, fmt.Errorf("write policy bundle: %w", err)
	}
	if _, err := unpackBundle(buffer.Bytes()); err != nil {
		return nil, fmt.Errorf("write policy bundle: it could not be read again: %w; leave out of the packs what no rule reads", err)
	}
	return buffer.Bytes(), nil
}

// bundleFiles are the files of the bundle, in their order.
func (e *Evaluator) bundleFiles() ([]ruleFile, error) {
	manifest, err := json.Marshal(bundleManifestFile{
		Revision: e.policy.Revision, Roots: []string{"prodgate"}, RegoVersion: 1,
		Metadata: bundleMetadata{Policy: e.policy, Zones: e.rules.zones},
	})
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(e.rules.data()) // as identity writes it
	if err != nil {
		return nil, err
	}
	files := []ruleFile{{bundleManifest, string(manifest)}, {bundleData, string(data)}}
	shipped := slices.Clone(e.rules.shipped)
	slices.SortFunc(shipped, byName)
	return slices.Concat(files, shipped, e.numberedPacks()), nil
}

func byName(a, b ruleFile) int { return cmp.Compare(a.name, b.name) }

// numberedPacks are the packs' rules under names that reveal nothing of the
// machine they lay on.
func (e *Evaluator) numberedPacks() []ruleFile {
	byCheck := map[string][]string{}
	for _, file := range e.rules.packs {
		check := strings.TrimPrefix(packagePath(e.compiler.Modules[file.name]), checksPath)
		byCheck[check] = append(byCheck[check], file.text)
	}
	var files []ruleFile
	for _, check := range slices.Sorted(maps.Keys(byCheck)) {
		slices.Sort(byCheck[check])
		for i, text := range byCheck[check] {
			files = append(files, ruleFile{fmt.Sprintf("%s%s/%03d.rego", bundlePacks, check, i+1), text})
		}
	}
	return files
}

func packagePath(module *ast.Module) string { return module.Package.Path.String() }
