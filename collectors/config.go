package collectors

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/prodgate/prodgate/collectors/artifact"
	"github.com/prodgate/prodgate/collectors/internal/recorded"
	"github.com/prodgate/prodgate/collectors/scan"
	"github.com/prodgate/prodgate/internal/strict"
	scanner "github.com/prodgate/prodgate/scan"
)

// DefaultTimeout is how long one source may take where nothing else is said.
const DefaultTimeout = 10 * time.Second

// scanTimeout is how long prodgate's own scan may take where nothing else is
// said: it reads an image to its end.
const scanTimeout = 10 * time.Minute

// Config says where each section's facts come from: the part of prodgate.yaml
// under "sources". It holds no threshold; those are settings, and belong to
// whoever owns the policies. A source that is left out is unconfigured, and
// every check on it denies. Paths are relative to Dir.
type Config struct {
	Timeout Duration `yaml:"timeout,omitempty"` // for each source; 0: DefaultTimeout

	Artifact        artifact.Options `yaml:"artifact,omitempty"` // the registry is named by the reference itself
	Build           File             `yaml:"build,omitempty"`
	Staging         File             `yaml:"staging,omitempty"`
	Vulnerabilities Scans            `yaml:"vulnerabilities,omitempty"`
	Calendar        File             `yaml:"calendar,omitempty"`
	Approvals       File             `yaml:"approvals,omitempty"`
	People          File             `yaml:"people,omitempty"`
	Production      Recorded         `yaml:"production,omitempty"`
	Rollback        File             `yaml:"rollback,omitempty"`
	Incidents       File             `yaml:"incidents,omitempty"`
	OnCall          File             `yaml:"on_call,omitempty"`
	Notifications   File             `yaml:"notifications,omitempty"`
	Monitoring      File             `yaml:"monitoring,omitempty"`
	Waivers         File             `yaml:"waivers,omitempty"`
	Trail           Recorded         `yaml:"trail,omitempty"` // left out: the audit trail at Log, if there is one

	// Log is the audit trail that a source which is from it reads.
	Log Log `yaml:"-"`

	// Dir is the folder that holds prodgate.yaml; empty: the working directory.
	Dir string `yaml:"-"`

	// AdvisoryDatabase is the folder of the advisory database where Scan names none.
	AdvisoryDatabase string `yaml:"-"`

	// Now dates what prodgate finds out itself; nil: time.Now.
	Now func() time.Time `yaml:"-"`

	// Clock tells the instant around which the calendar is collected; nil:
	// time.Now.
	Clock func() time.Time `yaml:"-"`
}

// File is a source kept in one file, JSON or YAML (the trail: JSON lines).
type File struct {
	File string `yaml:"file,omitempty"`
}

// Log says where the audit trail is: the location of package trail (a path,
// postgres://…), and the file with its key where that is not the usual one.
type Log = recorded.Log

// Recorded is a source kept in one file, or in the audit trail.
type Recorded struct {
	File string `yaml:"file,omitempty"`
	From string `yaml:"from,omitempty"` // "trail": the audit trail that the run has
}

// fromTrail is what From can be.
const fromTrail = recorded.Kind

// Check says what the source cannot mean.
func (r Recorded) Check() error {
	switch {
	case r.From != "" && r.From != fromTrail:
		return fmt.Errorf("from: %q is unknown; it can only be %q, the audit trail", r.From, fromTrail)
	case r.From != "" && r.File != "":
		return errors.New("from and file exclude each other: take one of them out")
	}
	return nil
}

// Scans is where vulnerability scans come from: prodgate looks itself (Scan), or
// reads what other scanners wrote (Reports).
type Scans struct {
	Scan     *OwnScan `yaml:"scan,omitempty"`     // {} looks at the image with the database of "prodgate db update"
	Reports  []string `yaml:"reports,omitempty"`  // of Trivy, Grype, in SARIF or attested by cosign: one for each platform that was scanned
	Database string   `yaml:"database,omitempty"` // metadata.json of the advisory database they used
	VEX      []string `yaml:"vex,omitempty"`      // OpenVEX and CycloneDX documents
	Ignore   []string `yaml:"ignore,omitempty"`   // .trivyignore and .trivyignore.yaml
}

// OwnScan says what prodgate's own scan looks at and with what.
type OwnScan struct {
	Inventory scanner.From `yaml:"inventory,omitempty"` // auto (the image, and what an attached SBOM adds), image, attached; empty: auto
	SBOMs     []string     `yaml:"sboms,omitempty"`     // SBOMs to look at instead of the image, CycloneDX or SPDX
	Database  string       `yaml:"database,omitempty"`  // folder of trivy.db and metadata.json; empty: that of "prodgate db update"
	Platforms []string     `yaml:"platforms,omitempty"` // os/arch[/variant]; empty: all that the image has
}

// Duration is a time.Duration that stands in YAML with its unit: 90s, 2m.
type Duration time.Duration

// maxTimeout bounds how long one source may be waited for.
const maxTimeout = 10 * time.Minute

// UnmarshalYAML reads a duration with its unit. A bare number would be taken
// for nanoseconds, and is an error.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	read, err := time.ParseDuration(n.Value)
	if err != nil || n.Kind != yaml.ScalarNode || read <= 0 || read > maxTimeout {
		return fmt.Errorf("line %d: %q is no timeout; write a number with its unit, up to %s: 90s, 2m", n.Line, n.Value, maxTimeout)
	}
	*d = Duration(read)
	return nil
}

// MarshalYAML writes the duration with its unit.
func (d Duration) MarshalYAML() (any, error) { return time.Duration(d).String(), nil }

// file is the file of a section, as its collector wants it.
func (c Config) file(section string, f File) strict.Path {
	return strict.Path{Dir: c.Dir, Name: f.File, Key: "sources." + section + ".file"}
}

// recordedFile is the file of a section that the audit trail can tell as well.
func (c Config) recordedFile(section string, r Recorded) strict.Path {
	return c.file(section, File{r.File})
}

// readsLog says whether the trail's section is read from the audit trail.
func (c Config) readsLog() bool {
	return c.Trail.From == fromTrail || c.Trail == Recorded{} && c.Log.Location != ""
}

// reports are the files that scanners wrote.
func (c Config) reports() []strict.Path {
	return c.files("reports", c.Vulnerabilities.Reports, strict.MaxReport)
}

// database is the file that says how old a scan's advisories were.
func (c Config) database() strict.Path {
	return strict.Path{Dir: c.Dir, Name: c.Vulnerabilities.Database, Key: "sources.vulnerabilities.database"}
}

// vex are the files in which others say what does no harm.
func (c Config) vex() []strict.Path {
	return c.files("vex", c.Vulnerabilities.VEX, strict.MaxReport)
}

// ignore are the files in which somebody asks to let something pass.
func (c Config) ignore() []strict.Path {
	return c.files("ignore", c.Vulnerabilities.Ignore, strict.MaxSize)
}

// own is prodgate's own scan, where it is asked for.
func (c Config) own() *scan.Collector {
	s := c.Vulnerabilities.Scan
	if s == nil {
		return nil
	}
	database := c.AdvisoryDatabase
	if s.Database != "" {
		database = s.Database
		if !filepath.IsAbs(database) {
			database = filepath.Join(c.Dir, database)
		}
	}
	return &scan.Collector{
		Options: scanner.Options{Database: database, From: s.Inventory, Platforms: s.Platforms, Registry: c.Artifact, Clock: c.Now, Redact: redact},
		SBOMs:   c.files("scan.sboms", s.SBOMs, scanner.MaxSBOM),
	}
}

// files are those that a key of sources.vulnerabilities lists.
func (c Config) files(key string, names []string, limit int64) []strict.Path {
	var paths []strict.Path
	for _, name := range names {
		paths = append(paths, strict.Path{Dir: c.Dir, Name: name, Key: "sources.vulnerabilities." + key, Max: limit})
	}
	return paths
}
