package collectors_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/config"
)

var update = flag.Bool("update", false, "write docs/sources.md anew")

// intro begins docs/sources.md.
const intro = `# Sources

Where the facts come from, by section of the input document. This page is made
from the skeletons that ` + "`prodgate init`" + ` writes, and a test collects each of them.

A file is JSON or YAML (one called .json is JSON alone); at most 8 MiB (a scanner's
report 32 MiB), without duplicate keys, aliases, tags or a second document. A key
that is not known, a value of the wrong kind and a key that is missing are errors
that name file and line, and then the whole source counts as one that could not
be looked at; only provenance and reports, which tools write, may hold more keys
than are read. ` + "`[]`" + ` and ` + "`null`" + ` say "looked, and there is none"; a file that is empty says
nothing, and is an error (but for the trail, to which nothing was added yet).

Persons are e-mail addresses or ` + "`scheme:value`" + ` (` + "`github:583231`" + `); digests are
` + "`sha256:`" + ` and 64 lower-case hex digits; times carry their offset (but for the
calendar's, which may be the site's own). No file can say
whose signature was checked.

With ` + "`vulnerabilities: {scan: {}}`" + ` prodgate looks for itself, at the digest that was
resolved, with the database of ` + "`prodgate db update`" + `: at the image of every platform, and
at the SBOMs attached to it and to the index that lists it, which may add findings and
take none away. Each attachment that cannot be read is an entry of undetermined
([sboms.md](sboms.md)).
Under ` + "`scan`" + ` can stand ` + "`inventory`" + ` (` + "`auto`" + `, ` + "`image`" + `, ` + "`attached`" + `), ` + "`sboms`" + ` (files of bills of
materials that name the image's digest, instead of the image), ` + "`platforms`" + ` (os/arch) and
` + "`database`" + ` (a folder). Such a source is of kind ` + "`scan`" + `, and it may take 10 minutes;
the run's own ` + "`timeout`" + ` still holds.

A report of ` + "`sources.vulnerabilities.reports`" + ` is recognised by what it holds: Trivy's
JSON, Grype's JSON, SARIF, or cosign's vulnerability attestation, bare, in a DSSE envelope
or in a Sigstore bundle, whose signatures are not checked. It counts for the digests that it names
(` + "`RepoDigests`" + `, ` + "`source.target`" + `, ` + "`properties.repoDigests`" + `, ` + "`subject`" + `) and has to tell when the
scan was; Trivy's and SARIF need the ` + "`database`" + ` beside, since they do not say how old
their advisories were. SARIF knows no status and no package that could not be judged. The SARIF
that Trivy and Grype write **never counts**: neither says when the scan was, and Grype not of
which image; prodgate scan --report shows it. Of other tools it counts if it has
` + "`invocations[].endTimeUtc`" + ` and ` + "`properties.repoDigests`" + `. The severity is the worst of
` + "`security-severity`" + `, the tags and the message, and UNKNOWN where one of them is not
known. Give the JSON of Trivy and Grype. ` + "`sources.vulnerabilities.vex`" + ` and ` + "`.ignore`" + ` list VEX
documents and ignore files; [vex.md](vex.md) says what becomes of them.

The build's record is read by its build type: [provenance.md](provenance.md) lists the
builders that are known, and what to do for any other.

The artifact needs no file: the reference says where it lies (a registry, with
the credentials of the docker or podman configuration, the most specific key of
` + "`auths`" + ` or ` + "`credHelpers`" + `; a credential helper is killed at the source's deadline; ` + "`oci:DIR[:TAG]`" + `; ` + "`tarball:FILE`" + `).
Where an audit trail is named (` + "`trail: LOCATION`" + `, see docs/audit.md), the trail's section
is read from it if ` + "`sources.trail`" + ` is left out, and what ran in production with
` + "`production: {from: trail}`" + `. Only the audit trail can say who recorded what.
The flag ` + "`--insecure-registry`" + ` allows plain HTTP beyond loopback. Each source may
take 10 seconds; ` + "`sources.timeout: 30s`" + ` gives it longer.
`

// page is docs/sources.md.
func page(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(intro)
	cfg := "sources:\n  " + strings.TrimSuffix(strings.ReplaceAll(collectors.SkeletonConfig("evidence"), "\n", "\n  "), "  ")
	fmt.Fprintf(&b, "\n## In prodgate.yaml\n\n```yaml\n%s```\n", cfg)
	b.WriteString(systemsPage())
	for _, s := range collectors.Skeletons() {
		language := strings.TrimPrefix(filepath.Ext(s.Filename), ".")
		fmt.Fprintf(&b, "\n## %s\n\n`%s`, here %s:\n\n```%s\n%s```\n", s.Section, "sources."+s.Section+"."+s.Setting, s.Filename, language, s.Content)
	}
	return b.String()
}

func TestThePageOfSourcesIsCurrent(t *testing.T) {
	path := filepath.Join("..", "docs", "sources.md")
	want := page(t)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/sources.md is not what the skeletons say; go test ./collectors -run Page -update writes it anew")
	}
}

const systemsIntro = `
## Systems

A section is read from one system or from several. ` + "`systems`" + ` names systems with their
kind and settings (the kind is optional if the name is the kind);
` + "`sources`" + ` names, for each section, the systems that it is read from. A mapping in the place
of a name is a system for this section alone. ` + "`{service}`" + ` and ` + "`{environment}`" + ` in any setting
become those of the request, so one configuration serves several services.

` + "```yaml" + `
version: 1
environment: production
policies: [pack]
systems:
  approval-log: {kind: file, file: "approvals/{service}.yaml"}
  second-staging: {kind: file, file: "staging/{service}.yaml"}
sources:
  approvals: [approval-log, {file: more-approvals.yaml}]
  staging: [{file: staging.yaml}, {system: second-staging, optional: true}]
  production: trail
  vulnerabilities: [scan]
  custom.cost: {file: cost.yaml}
` + "```" + `

- A section that several systems report counts only if every one of them could be read and
  is of a kind that the settings accept (` + "`sources.accepted`" + `). Its source has the kind
  ` + "`merged`" + ` and lists the systems. A system with ` + "`optional: true`" + ` that cannot be read is a
  warning; approvals, people, incidents and the calendar have no optional systems.
- Where systems must agree and do not, the section does not count
  (` + "`source.contradiction`" + `), and the finding shows who reports what. What runs now does
  not hold back a rollback.
- ` + "`custom.NAME`" + ` is read from a file of any form; policies see it as ` + "`input.custom.NAME`" + `.
  A setting must accept it: ` + "`sources: {accepted: {custom.NAME: [file]}}`" + `. ` + "`prodgate policy new ORG_CHECK --fact NAME`" + ` writes all of it.

`

// systemsPage lists the kinds of system, the sections and the rules of merging.
func systemsPage() string {
	var b strings.Builder
	b.WriteString(systemsIntro)
	b.WriteString("| kind | reads | sections | needs settings |\n| --- | --- | --- | --- |\n")
	for _, k := range collectors.Kinds {
		needs := "yes"
		if k.Ready {
			needs = "no"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, k.Summary, strings.Join(k.Sections, ", "), needs)
	}
	b.WriteString("\n## How several systems are merged\n\n| fact | rule |\n| --- | --- |\n")
	for _, r := range facts.MergeRules() {
		fmt.Fprintf(&b, "| `%s` | **%s**: %s |\n", r.Path, r.Rule, r.Meaning)
	}
	return b.String()
}

// The example of the page is a configuration that can be read.
func TestTheExampleOfThePageIsAConfiguration(t *testing.T) {
	_, after, _ := strings.Cut(systemsIntro, "```yaml\n")
	example, _, _ := strings.Cut(after, "```")
	if _, err := config.Parse("prodgate.yaml", "", []byte(example)); err != nil {
		t.Error(err)
	}
}
