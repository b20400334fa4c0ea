package collectors

import (
	"path/filepath"
	"time"

	"github.com/prodgate/prodgate/collectors/artifact"
)

// DefaultTimeout is how long one source may take where nothing else is said.
const DefaultTimeout = 10 * time.Second

// Config says where each section's facts come from: the part of prodgate.yaml
// under "sources". It holds no threshold; those are settings, and belong to
// whoever owns the policies. A source that is left out is unconfigured, and
// every check on it denies. Paths are relative to Dir.
type Config struct {
	Timeout time.Duration `yaml:"timeout,omitempty"` // for each source; 0: DefaultTimeout

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
	Reports  []string `yaml:"reports,omitempty"`  // Trivy JSON reports, one for each platform that was scanned
	Database string   `yaml:"database,omitempty"` // metadata.json of the advisory database they used
}

// path is name as the operating system finds it; empty stays empty.
func (c Config) path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.Dir, name)
}
