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

var update = flag.Bool("update", false, "rewrite docs/sources.md")

// intro is the start of docs/sources.md.
const intro = `# Sources

This page lists where the facts of each section of the input document can come from. It is
generated from the skeletons that ` + "`prodgate init`" + ` writes; a test reads each of them.

## Files

` + "`sources.SECTION: {file: PATH}`" + ` reads a section from a JSON or YAML file (a file named ` + "`.json`" + `
must be JSON) of at most 8 MiB (a scanner's report: 32 MiB), without duplicate keys, aliases,
tags or a second document. Unknown keys, missing keys and values of the wrong type are errors
with file and line, and the whole source then counts as not readable. Only provenance and
reports, which other tools write, may have additional keys. ` + "`[]`" + ` and ` + "`null`" + ` mean "checked, and
there is none". An empty file is an error, except for the trail, where it means that nothing
was recorded yet.

People are e-mail addresses or ` + "`scheme:value`" + ` (` + "`github:583231`" + `). Digests are ` + "`sha256:`" + ` and 64
lower-case hex digits. Times have an offset, except in the calendar, where they can be local
times of the site. A file cannot state whose signature was verified.

## Vulnerabilities

With ` + "`vulnerabilities: {scan: {}}`" + ` prodgate scans the image itself, at the resolved digest, with
the database of ` + "`prodgate db update`" + `. It scans the image of every platform, and the SBOMs that
are attached to the image and to its index. An attached SBOM can add findings but not remove
any; one that cannot be read is listed under ` + "`undetermined`" + ` ([sboms.md](sboms.md)).
The settings under ` + "`scan`" + ` are ` + "`inventory`" + ` (` + "`auto`" + `, ` + "`image`" + `, ` + "`attached`" + `), ` + "`sboms`" + ` (SBOM files that
name the image's digest, to scan instead of the image), ` + "`platforms`" + ` (os/arch) and ` + "`database`" + ` (a
folder). This source has the kind ` + "`scan`" + ` and a timeout of 10 minutes; the run's own ` + "`timeout`" + `
still applies.

The format of a report in ` + "`sources.vulnerabilities.reports`" + ` is detected from its content:
Trivy's JSON, Grype's JSON, SARIF, or cosign's vulnerability attestation, which can be bare, in
a DSSE envelope or in a Sigstore bundle (its signatures are not verified). A report counts for
the digests that it names (` + "`RepoDigests`" + `, ` + "`source.target`" + `, ` + "`properties.repoDigests`" + `, ` + "`subject`" + `)
and must contain the time of the scan. Trivy's JSON and SARIF also need ` + "`database`" + `, because
they do not contain the age of the advisories. SARIF has no status of a finding and no packages
that could not be examined. SARIF from Trivy and Grype **never counts**: neither contains the
time of the scan, and Grype's does not identify the image; ` + "`prodgate scan --report`" + ` shows it.
Use the JSON of Trivy and Grype. SARIF of other tools counts if it has
` + "`invocations[].endTimeUtc`" + ` and ` + "`properties.repoDigests`" + `. The severity is the worst of
` + "`security-severity`" + `, the tags and the message, and UNKNOWN if one of them has an unknown value.
` + "`sources.vulnerabilities.vex`" + ` and ` + "`.ignore`" + ` list VEX documents and ignore files
([vex.md](vex.md)).

## Build, artifact and trail

Provenance is read according to its build type. [provenance.md](provenance.md) lists the
supported builders, and what to do for others.

The artifact needs no source. It is read from where its reference points: a registry,
` + "`oci:DIR[:TAG]`" + ` or ` + "`tarball:FILE`" + `. Registry credentials come from the configuration of docker or
podman, where the most specific key of ` + "`auths`" + ` or ` + "`credHelpers`" + ` applies; a credential helper is
killed at the timeout of the source. The flag ` + "`--insecure-registry`" + ` allows plain HTTP to
registries other than loopback.

If an audit trail is configured (` + "`trail: LOCATION`" + `, see [audit.md](audit.md)) and
` + "`sources.trail`" + ` is omitted, the section ` + "`trail`" + ` is read from it. ` + "`production: trail`" + ` reads the
deployments to production from it, too. Only the audit trail records who wrote an entry.

Each source has a timeout of 10 seconds; ` + "`sources.timeout: 30s`" + ` changes it.
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
		t.Error("docs/sources.md is outdated; update it with go test ./collectors -run Page -update")
	}
}

const systemsIntro = `
## Systems

A section is read from one or more systems. ` + "`systems`" + ` defines systems by name, each with its
kind and settings (the kind is optional if the name is the kind). ` + "`sources`" + ` lists, for each
section, the systems to read. A mapping instead of a name defines a system for this section
only: ` + "`{file: PATH}`" + ` is short for a system of kind ` + "`file`" + `, and ` + "`{scan: {}}`" + ` and ` + "`{reports: [FILE]}`" + `
for those of kind ` + "`scan`" + ` and ` + "`reports`" + `. A kind that needs no settings can be used by its name.
` + "`{service}`" + ` and ` + "`{environment}`" + ` in any setting are replaced by those of the request, so one
configuration can serve several services.

` + "```" + `yaml
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

- A section that several systems report counts only if all of them could be read and their
  kinds are accepted by the settings (` + "`sources.accepted`" + `). Its source has the kind ` + "`merged`" + ` and
  lists the systems. If a system with ` + "`optional: true`" + ` cannot be read, that is a warning. The
  systems of approvals, people, incidents and the calendar cannot be optional.
- If systems must agree but do not, the section does not count (` + "`source.contradiction`" + `), and
  the finding shows the value of each system. A contradiction about the live version does not
  block a rollback.
- ` + "`custom.NAME`" + ` is read from a file of any form; policies read it as ` + "`input.custom.NAME`" + `.
  A setting must accept it: ` + "`sources: {accepted: {custom.NAME: [file]}}`" + `.
  ` + "`prodgate policy new ORG_CHECK --fact NAME`" + ` creates all of this.

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

func TestTheExampleOfThePageIsAValidConfiguration(t *testing.T) {
	_, after, _ := strings.Cut(systemsIntro, "```yaml\n")
	example, _, _ := strings.Cut(after, "```")
	if _, err := config.Parse("prodgate.yaml", "", []byte(example)); err != nil {
		t.Error(err)
	}
}
