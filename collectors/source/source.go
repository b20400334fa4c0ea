// Package source defines what a kind of system provides to be read: its name, its
// settings, the sections that it can report, and how it is read. Each folder of
// collectors declares its kinds with it, and the registry of package collectors
// lists them.
package source

import (
	"context"
	"net/http"
	"path/filepath"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/registry"
)

// Collector reads one source and reports what it saw.
type Collector interface {
	// Name is the section's JSON key and the word users see ("artifact").
	Name() string

	// Collect returns the section for req. It honours ctx, does not depend on
	// another collector (except by req.Built) and writes nothing. "Looked and found nothing" is a
	// section that says so; an error means "could not look". To have its
	// evidence recorded, it returns the section inside a facts.Observed.
	Collect(ctx context.Context, req facts.Request) (facts.Section, error)
}

// Kind is a kind of system that facts can be read from.
type Kind struct {
	// Name is the word for it: under systems in prodgate.yaml, in a document's
	// sources.NAME.kind, and in the settings of the policies (sources.accepted).
	Name string

	// Summary says in a sentence what is read.
	Summary string

	// Sections are those that it can report. "custom" stands for every custom.NAME.
	Sections []string

	// Settings returns a pointer to a struct for the system's settings, with json
	// tags; nil: it has none. {service} and {environment} in texts are expanded
	// before Open sees them.
	Settings func() any

	// Key is the setting by which a mapping in the place of a system's name is
	// recognised: file in "staging: {file: x}". Empty: such a system must be named
	// under systems.
	Key string

	// Ready reports that the name alone says enough: it needs no entry under
	// systems.
	Ready bool

	// Examples are files to begin with. "prodgate init" writes them, and
	// docs/sources.md shows them.
	Examples []Example

	// Needs says what a system of this kind cannot be read without, for a section; nil:
	// nothing.
	Needs func(section string) Need

	// Test tests, without a request, that the system can be reached and that its
	// secrets have the permissions that its sections need; nil: it cannot be tested
	// alone. NoSecret in the error says that a secret is not there.
	Test func(context.Context, Env, any) error

	// Open returns what reads one section. settings is what Settings returned,
	// filled in.
	Open func(Env, any) Collector
}

// Need is what systems cannot be read without; several are joined by |.
type Need int

// What a system can need.
const (
	Image Need = 1 << iota // the image of the request
	Run                    // the run of the CI system that requests the deployment
	Trail                  // the audit trail
)

// Always is a Kind's Needs that are the same for each section.
func Always(need Need) func(string) Need { return func(string) Need { return need } }

// NoSecret is the error of a system whose secret is not in the environment. It says
// where the secret belongs.
type NoSecret string

// Error says where the secret belongs.
func (s NoSecret) Error() string { return string(s) }

// Env is what a system is read with besides its settings.
type Env struct {
	Section     string // JSON key of the section
	Environment string // of the request; empty: it is not known
	Key         string // of the settings in prodgate.yaml, for errors: sources.staging, systems.cluster

	Dir      string           // that relative paths count from; empty: the working directory
	Config   string           // the configuration file, relative to Dir, for messages
	Registry registry.Options // how to reach image registries
	Log      Log              // the audit trail of this run

	// Carrier wraps what sends requests; nil: nothing does.
	Carrier func(http.RoundTripper) http.RoundTripper

	// Verifier returns what verifies signatures with the keys that settings accept for
	// a section; nil: no
	// signature is verified.
	Verifier func(ctx context.Context, section string) (Verifier, error)

	AdvisoryDatabase string              // folder of the advisory database that the user has
	Now              func() time.Time    // dates what prodgate finds out itself; never nil
	Clock            func() time.Time    // the time around which the calendar is collected; never nil
	Redact           func(string) string // takes secrets out of texts that are kept; never nil
	Getenv           func(string) string // reads the variables that settings name for secrets; never nil
}

// Attestation is a statement and the envelope that it came in.
type Attestation = attestation.Attestation

// Verifier verifies the signature of an attestation. It returns the name of the signer,
// or why no signature counts.
type Verifier interface {
	Verify(a Attestation, at time.Time) (signer string, err error)
}

// Log says where the audit trail is.
type Log struct {
	Location string // of package trail: a path, postgres://… or https://…; empty: not configured
	Key      string // file with the signing key, or of https://… the public key; empty: where the trail has it

	Token func(context.Context) (string, error) // of https://…: returns the bearer token; nil: none
}

// SettingsOf is a copy of what settings, from Kind.Settings, points at; the zero T for nil.
func SettingsOf[T any](settings any) T {
	if s, _ := settings.(*T); s != nil {
		return *s
	}
	var none T
	return none
}

// Path is the path of a file, which counts from Dir; empty for an empty name.
func (e Env) Path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.Dir, name)
}

// File is a file that a setting names.
func (e Env) File(key, name string) strict.Path {
	return strict.Path{Dir: e.Dir, Name: name, Key: e.Key + "." + key}
}

// Files are those that a setting lists, of at most limit bytes each.
func (e Env) Files(key string, names []string, limit int64) []strict.Path {
	var paths []strict.Path
	for _, name := range names {
		path := e.File(key, name)
		path.Max = limit
		paths = append(paths, path)
	}
	return paths
}

// Example is a file that a setting can name: it can be collected as it stands, its
// comments say what to write, and nothing in it lets an artifact through.
type Example struct {
	Section  string // JSON key of the section that it is read for
	Setting  string // that names the file
	List     bool   // the setting is a list
	Filename string
	Content  string
}
