package evaluator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"
	"gopkg.in/yaml.v3"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/zone"
)

// settingsFile is the one data file of the shipped policies.
const settingsFile = "prodgate/v1/settings/data.yaml"

// rule is one Rego file: its name as users see it, and its text.
type ruleFile struct {
	name string
	text string
}

// ruleSet is everything that decides: the shipped rules and settings, and what
// the packs add.
type ruleSet struct {
	shipped  []ruleFile
	packs    []ruleFile
	checks   []string       // the packs' checks, by name
	settings map[string]any // data.prodgate.v1.settings
	own      map[string]any // data.prodgate.organisation; nil without
	revision string
	zones    string // the release of the time zone data that belongs to their identity
	recorded bool   // from a bundle: nothing has shown that the shipped rules are ours
}

// loadRules reads the shipped rules and then the packs.
func loadRules(shipped fs.FS, packs []string) (*ruleSet, error) {
	set := &ruleSet{zones: zone.Version()}
	if err := set.addShipped(shipped); err != nil {
		return nil, fmt.Errorf("read shipped policies: %w", err)
	}
	for _, name := range packs {
		if err := set.addPack(name); err != nil {
			return nil, fmt.Errorf("read policy pack %q: %w", name, err)
		}
	}
	return set, nil
}

func (s *ruleSet) addShipped(from fs.FS) error {
	manifest, err := fs.ReadFile(from, ".manifest")
	if err != nil {
		return err
	}
	var m struct {
		Revision string `json:"revision"`
	}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return fmt.Errorf("read .manifest: %w", err)
	}
	s.revision = m.Revision
	text, err := fs.ReadFile(from, settingsFile)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(text, &s.settings); err != nil {
		return fmt.Errorf("read %s: %w", settingsFile, err)
	}
	if len(s.settings) == 0 {
		return fmt.Errorf("read %s: it contains no settings", settingsFile)
	}
	s.shipped, err = regoFiles(from)
	return err
}

// regoFiles reads all rules below from, without their tests.
func regoFiles(from fs.FS) ([]ruleFile, error) {
	var files []ruleFile
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isRule(name) {
			return err
		}
		text, err := fs.ReadFile(from, name)
		files = append(files, ruleFile{name: name, text: string(text)})
		return err
	})
	return files, err
}

func isRule(name string) bool {
	return path.Ext(name) == ".rego" && !strings.HasSuffix(name, "_test.rego")
}

// data is the document that the rules see as data.
func (s *ruleSet) data() map[string]any {
	prodgate := map[string]any{facts.Version: map[string]any{"settings": s.settings}}
	if s.own != nil {
		prodgate["organisation"] = s.own
	}
	return map[string]any{"prodgate": prodgate}
}

// identity names the rule set: the contract, the revision, and a digest over
// every rule, all data and the release of the time zone data. File names are no part of it: a pack decides the same
// wherever it is stored, as a folder and as a bundle.
func (s *ruleSet) identity() (PolicyID, error) {
	hash := sha256.New()
	files := slices.Concat(s.shipped, s.packs)
	slices.SortFunc(files, func(a, b ruleFile) int { return strings.Compare(a.text, b.text) })
	for _, file := range files {
		fmt.Fprintf(hash, "%d\n%s", len(file.text), file.text)
	}
	data, err := json.Marshal(s.data()) // sorts keys
	if err != nil {
		return PolicyID{}, fmt.Errorf("write settings: %w", err)
	}
	hash.Write(data)
	if s.zones != "" {
		fmt.Fprintf(hash, "\nzones %s", s.zones)
	}
	return PolicyID{
		Version:  facts.Version,
		Revision: s.revision,
		Digest:   "sha256:" + hex.EncodeToString(hash.Sum(nil)),
	}, nil
}

// parse parses every rule with the restricted capabilities, on as many
// processors as there are.
func (s *ruleSet) parse(capabilities *ast.Capabilities) (map[string]*ast.Module, error) {
	files := slices.Concat(s.shipped, s.packs)
	parsed := make([]*ast.Module, len(files))
	errs := make([]error, len(files))
	options := ast.ParserOptions{Capabilities: capabilities, RegoVersion: ast.RegoV1}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(files); i = int(next.Add(1)) - 1 {
				parsed[i], errs[i] = ast.ParseModuleWithOpts(files[i].name, files[i].text, options)
			}
		})
	}
	workers.Wait()
	modules := make(map[string]*ast.Module, len(files))
	for i, file := range files {
		if errs[i] != nil {
			return nil, fmt.Errorf("parse policy: %w", errs[i])
		}
		if modules[file.name] != nil {
			return nil, fmt.Errorf("parse policy: two files of rules are called %q, and one would take the other's place; name each pack once", file.name)
		}
		modules[file.name] = parsed[i]
	}
	return modules, nil
}
