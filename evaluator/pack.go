package evaluator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"gopkg.in/yaml.v3"
)

// maxPackFile bounds one file of a pack, in bytes.
const maxPackFile = 4 << 20

const (
	checksPath       = "data.prodgate.v1.checks."
	organisationPath = "data.prodgate.organisation"
)

// errNothing rejects an empty pack: whoever configures a pack expects it to require
// something.
var errNothing = errors.New("it contains neither rules nor settings (*.rego, data.yaml, data.json)")

// addPack adds one pack: a folder, or a bundle.tar.gz as "opa build" writes it.
// A pack contains checks of the organisation and its settings, nothing else.
func (s *ruleSet) addPack(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	before := len(s.packs)
	if info.IsDir() {
		err = s.addFolder(name)
	} else {
		err = s.addBundle(name)
	}
	if err != nil {
		return err
	}
	checks, err := checkPlaces(s.packs[before:])
	s.checks = append(s.checks, checks...)
	return err
}

func (s *ruleSet) addFolder(name string) error {
	found := false
	err := fs.WalkDir(os.DirFS(name), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(file, "_test.rego") {
			return err
		}
		if err := followed(name, file, entry); err != nil {
			return err
		}
		kind := packFileKind(file)
		if kind == "" {
			return nil
		}
		found = true
		text, err := readBounded(path.Join(name, file))
		if err != nil {
			return err
		}
		return s.addFile(path.Join(name, file), path.Dir(file), kind, text)
	})
	if err == nil && !found {
		return errNothing
	}
	return err
}

// followed rejects a link to a folder: neither this walk nor OPA follows it, so its
// contents would be ignored silently.
func followed(name, file string, entry fs.DirEntry) error {
	if entry.Type()&fs.ModeSymlink == 0 {
		return nil
	}
	info, err := os.Stat(path.Join(name, file))
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("%s is a link to a folder; copy the folder there, or list it as a separate pack", path.Join(name, file))
	}
	return nil
}

// packFileKind returns the kind of a file in a folder: rego, data, stray or, for a
// file that OPA would not load either, "". A data file whose name differs in case
// only is stray: OPA does not load it, but its author expects it to count.
func packFileKind(file string) string {
	switch base := path.Base(file); {
	case base != strings.ToLower(base) && packFileKind(strings.ToLower(file)) != "" && path.Ext(base) != ".rego":
		return "stray"
	case path.Ext(base) == ".rego":
		return "rego"
	case base == "data.json", base == "data.yaml", base == "data.yml":
		return "data"
	case path.Ext(base) == ".json", path.Ext(base) == ".yaml", path.Ext(base) == ".yml":
		return "stray"
	default:
		return ""
	}
}

func (s *ruleSet) addFile(name, folder, kind string, text []byte) error {
	switch kind {
	case "rego":
		s.packs = append(s.packs, ruleFile{name: name, text: string(text)})
		return nil
	case "data":
		data, err := oneDocument(text)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if folder != "." {
			parts := strings.Split(folder, "/")
			for i := len(parts) - 1; i >= 0; i-- {
				data = map[string]any{parts[i]: data}
			}
		}
		return s.addData(name, data)
	default:
		return fmt.Errorf("%s: settings must be in a file named data.yaml or data.json, and rules in a file that ends in .rego; otherwise OPA's -d and -b load different files", name)
	}
}

// oneDocument reads YAML or JSON with exactly one document: later ones would be
// ignored silently.
func oneDocument(text []byte) (data any, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&data); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("it contains more than one YAML document; keep one")
	}
	return data, nil
}

func (s *ruleSet) addBundle(name string) error {
	text, err := readBounded(name)
	if err != nil {
		return err
	}
	b, err := bundle.NewReader(bytes.NewReader(text)).
		WithSkipBundleVerification(true).
		WithSizeLimitBytes(maxPackFile).
		WithRegoVersion(ast.RegoV1).
		Read()
	if err != nil {
		return fmt.Errorf("read bundle: %w", err)
	}
	if len(b.WasmModules) > 0 || len(b.PlanModules) > 0 {
		return errors.New("it contains compiled modules; a pack can contain only Rego and data")
	}
	for _, module := range b.Modules {
		if !strings.HasSuffix(module.Path, "_test.rego") {
			s.packs = append(s.packs, ruleFile{name: name + module.Path, text: string(module.Raw)})
		}
	}
	if len(b.Data) == 0 {
		if len(b.Modules) == 0 {
			return errNothing
		}
		return nil
	}
	return s.addData(name, b.Data)
}

// addData reads settings from under prodgate.organisation and rejects data anywhere
// else.
func (s *ruleSet) addData(name string, data any) error {
	normal, err := normalise(data)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	prodgate, err := only(normal, "data", "prodgate")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	own, err := only(prodgate, "data.prodgate", "organisation")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	settings, ok := own.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: %s must be a table of settings", name, organisationPath)
	}
	if s.own != nil {
		return fmt.Errorf("%s: another pack has settings, too; put all settings of an organisation into one pack", name)
	}
	s.own = settings
	return nil
}

// only returns data[key] if that is all there is.
func only(data any, where, key string) (any, error) {
	table, ok := data.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s must be a table", where)
	}
	for other := range table {
		if other != key {
			return nil, fmt.Errorf("it sets %s.%s; a pack can contain data only under %s", where, other, organisationPath)
		}
	}
	value, ok := table[key]
	if !ok {
		return nil, fmt.Errorf("%s is empty; put a pack's settings under %s", where, organisationPath)
	}
	return value, nil
}

// normalise converts decoded YAML or JSON into the types of JSON.
func normalise(data any) (any, error) {
	text, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("not expressible in JSON: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var normal any
	err = decoder.Decode(&normal)
	return normal, err
}

// packCheck matches the name of a pack's check. It starts with the name of the
// organisation and an underscore; shipped checks have no underscore.
var packCheck = regexp.MustCompile(`^[a-z0-9]+_[a-z0-9_]+$`)

// checkPlaces rejects rules outside of the organisation's own checks, before
// anything is compiled. It returns the name of the check of each file.
func checkPlaces(files []ruleFile) (checks []string, err error) {
	for _, file := range files {
		module, err := ast.ParseModuleWithOpts(file.name, file.text, ast.ParserOptions{RegoVersion: ast.RegoV1, Capabilities: Capabilities()})
		if err != nil {
			return nil, fmt.Errorf("parse policy: %w", err)
		}
		if module == nil {
			return nil, fmt.Errorf("%s: it is empty", file.name)
		}
		name, ok := strings.CutPrefix(module.Package.Path.String(), checksPath)
		if !ok || !packCheck.MatchString(name) {
			return nil, fmt.Errorf("%s: package %s is not allowed in a pack; name checks %s<organisation>_<name>, and put settings under %s",
				file.name, strings.TrimPrefix(module.Package.Path.String(), "data."), strings.TrimPrefix(checksPath, "data."), organisationPath)
		}
		checks = append(checks, name)
	}
	return checks, nil
}

// readBounded reads a file of at most maxPackFile bytes.
func readBounded(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxPackFile+1))
	if err == nil && len(text) > maxPackFile {
		err = fmt.Errorf("%s is over %d bytes", name, maxPackFile)
	}
	return text, err
}
