package collectors

import (
	"fmt"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/prodgate/prodgate/collectors/artifact"
	"github.com/prodgate/prodgate/collectors/internal/file"
)

// DefaultTimeout is how long one source may take where nothing else is said.
const DefaultTimeout = 10 * time.Second

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
	Production      File             `yaml:"production,omitempty"`
	Rollback        File             `yaml:"rollback,omitempty"`
	Incidents       File             `yaml:"incidents,omitempty"`
	OnCall          File             `yaml:"on_call,omitempty"`
	Notifications   File             `yaml:"notifications,omitempty"`
	Monitoring      File             `yaml:"monitoring,omitempty"`
	Waivers         File             `yaml:"waivers,omitempty"`
	Trail           File             `yaml:"trail,omitempty"`

	// Dir is the folder that holds prodgate.yaml; empty: the working directory.
	Dir string `yaml:"-"`

	// Clock tells the instant around which the calendar is collected; nil:
	// time.Now.
	Clock func() time.Time `yaml:"-"`
}

// File is a source kept in one file, JSON or YAML (the trail: JSON lines).
type File struct {
	File string `yaml:"file,omitempty"`
}

// Scans is where vulnerability scans are read from.
type Scans struct {
	Reports  []string `yaml:"reports,omitempty"`  // of Trivy, Grype, in SARIF or attested by cosign: one for each platform that was scanned
	Database string   `yaml:"database,omitempty"` // metadata.json of the advisory database they used
	VEX      []string `yaml:"vex,omitempty"`      // OpenVEX and CycloneDX documents
	Ignore   []string `yaml:"ignore,omitempty"`   // .trivyignore and .trivyignore.yaml
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
func (c Config) file(section string, f File) file.Path {
	return file.Path{Dir: c.Dir, Name: f.File, Key: "sources." + section + ".file"}
}

// reports are the files that scanners wrote.
func (c Config) reports() []file.Path {
	return c.files("reports", c.Vulnerabilities.Reports, file.MaxReport)
}

// database is the file that says how old a scan's advisories were.
func (c Config) database() file.Path {
	return file.Path{Dir: c.Dir, Name: c.Vulnerabilities.Database, Key: "sources.vulnerabilities.database"}
}

// vex are the files in which others say what does no harm.
func (c Config) vex() []file.Path {
	return c.files("vex", c.Vulnerabilities.VEX, file.MaxReport)
}

// ignore are the files in which somebody asks to let something pass.
func (c Config) ignore() []file.Path {
	return c.files("ignore", c.Vulnerabilities.Ignore, file.MaxSize)
}

// files are those that a key of sources.vulnerabilities lists.
func (c Config) files(key string, names []string, limit int64) []file.Path {
	var paths []file.Path
	for _, name := range names {
		paths = append(paths, file.Path{Dir: c.Dir, Name: name, Key: "sources.vulnerabilities." + key, Max: limit})
	}
	return paths
}
