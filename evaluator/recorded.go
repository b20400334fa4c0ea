package evaluator

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/facts"
)

// Bounds of a bundle. The shipped policies take about 25 KiB of it.
const (
	maxBundle         = 16 << 20 // as stored, in bytes
	maxBundleUnpacked = 32 << 20 // in bytes, headers included
	maxBundleFiles    = 4096
)

// NewFromBundle is an evaluator of exactly the rules in a bundle that
// [Evaluator.Bundle] wrote, perhaps by another version of prodgate. Its Policy
// is the recorded one: a bundle whose rules and data do not have the digest that
// it claims is an error.
//
// A bundle is taken for bytes that anybody may have written. Its rules can use
// only what a pack can use, and its packs lie where packs lie. What [New] says to
// a pack's author about settings and annotations is not asked of it: the version
// that decided by it has asked, and a question that came later must not make the
// past unreadable. Nothing that it decides is [ModeEnforce].
func NewFromBundle(ctx context.Context, bundle []byte) (e *Evaluator, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			e, err = nil, fmt.Errorf("read policy bundle: its rules cannot be compiled: %v", caught)
		}
	}()
	files, err := unpackBundle(bundle)
	if err != nil {
		return nil, fmt.Errorf("read policy bundle: %w", err)
	}
	if e, err = newRecorded(ctx, files); err != nil {
		return nil, fmt.Errorf("read policy bundle: %w", err)
	}
	return e, nil
}

func newRecorded(ctx context.Context, files []ruleFile) (*Evaluator, error) {
	rules, claimed, err := recordedRules(files)
	if err != nil {
		return nil, err
	}
	e := &Evaluator{rules: rules, names: listedNames(rules)}
	if e.policy, err = rules.identity(); err != nil {
		return nil, err
	}
	if e.policy != claimed {
		return nil, fmt.Errorf("it claims to be %s, and holds %s: it is not what was recorded", claimed.name(), e.policy.name())
	}
	if _, err := checkPlaces(rules.packs); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := e.compile(); err != nil {
		return nil, err
	}
	e.catalog.rules = rules
	return e, ctx.Err()
}

// name tells rule sets apart in a message.
func (p PolicyID) name() string {
	return fmt.Sprintf("%q revision %q digest %q", p.Version, p.Revision, p.Digest)
}

// recordedRules sorts a bundle's files into a rule set. What has no place in a
// bundle is an error.
func recordedRules(files []ruleFile) (rules *ruleSet, claimed PolicyID, err error) {
	rules = &ruleSet{recorded: true}
	var manifest bundleManifestFile
	for _, file := range files {
		switch {
		case file.name == bundleManifest:
			if err := json.Unmarshal([]byte(file.text), &manifest); err != nil {
				return nil, claimed, fmt.Errorf("%s: %w", file.name, err)
			}
		case file.name == bundleData:
			if err := rules.addRecordedData([]byte(file.text)); err != nil {
				return nil, claimed, fmt.Errorf("%s: %w", file.name, err)
			}
		case isRule(file.name) && strings.HasPrefix(file.name, bundleShipped):
			rules.shipped = append(rules.shipped, file)
		case isRule(file.name) && strings.HasPrefix(file.name, bundlePacks):
			rules.packs = append(rules.packs, file)
		default:
			return nil, claimed, fmt.Errorf("%q has no place in it", file.name)
		}
	}
	claimed = manifest.Metadata.Policy
	switch {
	case claimed.Version == "":
		return nil, claimed, fmt.Errorf("its %s does not say whose it is; prodgate did not write it", bundleManifest)
	case claimed.Version != facts.Version:
		return nil, claimed, fmt.Errorf("its rules speak %q, and this prodgate %q; replay it with a prodgate of its time", claimed.Version, facts.Version)
	case rules.settings == nil:
		return nil, claimed, fmt.Errorf("it has no %s", bundleData)
	}
	rules.revision, rules.zones = manifest.Revision, manifest.Metadata.Zones
	return rules, claimed, nil
}

// addRecordedData takes the data apart into the shipped settings and the
// organisation's.
func (s *ruleSet) addRecordedData(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	var data struct {
		Prodgate struct {
			V1 struct {
				Settings map[string]any `json:"settings"`
			} `json:"v1"`
			Organisation map[string]any `json:"organisation"`
		} `json:"prodgate"`
	}
	if err := decoder.Decode(&data); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands after the data")
	}
	if len(data.Prodgate.V1.Settings) == 0 {
		return errors.New("it holds no settings")
	}
	s.settings, s.own = data.Prodgate.V1.Settings, data.Prodgate.Organisation
	return nil
}

// unpackBundle reads the files of a bundle, within bounds.
func unpackBundle(bundle []byte) ([]ruleFile, error) {
	if len(bundle) > maxBundle {
		return nil, fmt.Errorf("it has %d bytes; at most %d", len(bundle), maxBundle)
	}
	zipped, err := gzip.NewReader(bytes.NewReader(bundle))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	limited := &io.LimitedReader{R: zipped, N: maxBundleUnpacked + 1}
	files, err := untarred(tar.NewReader(limited))
	if err == nil {
		_, err = io.Copy(io.Discard, limited) // what comes after, and gzip's checksum
	}
	if limited.N <= 0 {
		return nil, fmt.Errorf("it unpacks to over %d bytes", maxBundleUnpacked)
	}
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	return files, nil
}

func untarred(archive *tar.Reader) (files []ruleFile, err error) {
	seen := map[string]bool{}
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case header.Typeflag != tar.TypeReg:
			return nil, fmt.Errorf("%q is no regular file", header.Name)
		case header.Name != path.Clean(header.Name) || strings.HasPrefix(header.Name, "/") || slices.Contains(strings.Split(header.Name, "/"), ".."):
			return nil, fmt.Errorf("%q is no plain name", header.Name)
		case seen[header.Name]:
			return nil, fmt.Errorf("%q is there twice", header.Name)
		case len(files) == maxBundleFiles:
			return nil, fmt.Errorf("it holds over %d files", maxBundleFiles)
		}
		seen[header.Name] = true
		text, err := io.ReadAll(archive)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", header.Name, err)
		}
		files = append(files, ruleFile{name: header.Name, text: string(text)})
	}
}
