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

// Limits of a bundle. The shipped policies take about 25 KiB of it.
const (
	maxBundle         = 16 << 20 // as stored, in bytes
	maxBundleUnpacked = 32 << 20 // in bytes, headers included
	maxBundleFiles    = 4096
)

// NewFromBundle returns an evaluator of exactly the rules in a bundle that
// [Evaluator.Bundle] wrote, perhaps in another version of prodgate. Its Policy is
// the recorded one: a bundle whose rules and data do not have the digest that it
// claims is an error.
//
// A bundle is untrusted input: anyone can have written it. Its rules can use only
// what a pack can use, and its packs must be in the packages of packs. The checks of
// settings and annotations that [New] does for a pack's author are skipped: the
// version that decided with the bundle has done them, and a check that was added
// later must not make old records unreadable. No decision of it is [ModeEnforce].
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
		return nil, fmt.Errorf("it claims to be %s but contains %s: it is not the recorded policy", claimed.name(), e.policy.name())
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

// name identifies a rule set in a message.
func (p PolicyID) name() string {
	return fmt.Sprintf("%q revision %q digest %q", p.Version, p.Revision, p.Digest)
}

// recordedRules sorts a bundle's files into a rule set. An unexpected file is an
// error.
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
			return nil, claimed, fmt.Errorf("unexpected file %q", file.name)
		}
	}
	claimed = manifest.Metadata.Policy
	switch {
	case claimed.Version == "":
		return nil, claimed, fmt.Errorf("its %s does not identify its policy; prodgate did not write it", bundleManifest)
	case claimed.Version != facts.Version:
		return nil, claimed, fmt.Errorf("its rules are of version %q, and this prodgate supports %q; replay it with a prodgate that supports that version", claimed.Version, facts.Version)
	case rules.settings == nil:
		return nil, claimed, fmt.Errorf("it has no %s", bundleData)
	}
	rules.revision, rules.zones = manifest.Revision, manifest.Metadata.Zones
	return rules, claimed, nil
}

// addRecordedData splits the data into the shipped settings and those of the
// organisation.
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
		return errors.New("there is something after the data")
	}
	if len(data.Prodgate.V1.Settings) == 0 {
		return errors.New("it contains no settings")
	}
	s.settings, s.own = data.Prodgate.V1.Settings, data.Prodgate.Organisation
	return nil
}

// unpackBundle reads the files of a bundle, within limits.
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
		_, err = io.Copy(io.Discard, limited) // reads the rest, which verifies gzip's checksum
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
			return nil, fmt.Errorf("%q is not a regular file", header.Name)
		case header.Name != path.Clean(header.Name) || strings.HasPrefix(header.Name, "/") || slices.Contains(strings.Split(header.Name, "/"), ".."):
			return nil, fmt.Errorf("%q is not a clean relative path", header.Name)
		case seen[header.Name]:
			return nil, fmt.Errorf("duplicate file %q", header.Name)
		case len(files) == maxBundleFiles:
			return nil, fmt.Errorf("it contains over %d files", maxBundleFiles)
		}
		seen[header.Name] = true
		text, err := io.ReadAll(archive)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", header.Name, err)
		}
		files = append(files, ruleFile{name: header.Name, text: string(text)})
	}
}
