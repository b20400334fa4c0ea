package image

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	debian "github.com/knqyf263/go-deb-version"

	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
)

// thirdParties are parts of the Maintainer of packages that come from elsewhere
// than the distribution: their files are their maintainer's, and the distribution
// has no advisories for them. These are those that Trivy knows.
var thirdParties = []string{
	"support@docker.com",
	"@nvidia.com", "Google Cloud CLI Authors", "sapmachine@sap.com", "@hashicorp.com", "@microsoft.com",
	"@mongodb.com", "developers@lists.mariadb.org", "dev@couchdb.apache.org", "info@elastic.co",
	"nginx-packaging@f5.com", "@konghq.com", "@cloudflare.com",
	"support@influxdb.com", "support@gitlab.com", "contact@grafana.com", "@datadoghq.com",
	"@nodesource.com",
	"info@tailscale.com",
	"@openrobotics.org", "@osrfoundation.org",
}

// thirdPartyNames are whole Maintainers of that kind.
var thirdPartyNames = []string{"GitHub", "HashiCorp"}

// otherParties are more of them, which Trivy takes for the distribution's.
var otherParties = []string{
	"kubernetes-dev", "temurin-dev@eclipse.org", "corretto-team@amazon.com", "mysql-build@oss.oracle.com", "@percona.com", "chromium-dev@chromium.org",
}

// repository is where a package with that Maintainer is from; empty: the
// distribution. vendor says that it names a vendor, as tools like fpm and nfpm
// write it; no package of Debian's or Ubuntu's does.
func repository(maintainer string, vendor bool) string {
	part := func(part string) bool { return strings.Contains(maintainer, part) }
	switch {
	case slices.Contains(thirdPartyNames, maintainer), slices.ContainsFunc(thirdParties, part):
		return inventory.ThirdParty
	case vendor, slices.ContainsFunc(otherParties, part):
		return inventory.Homemade
	}
	return ""
}

// maxParagraph limits dpkg's record of one package, in bytes.
const maxParagraph = 4 << 20

// readDpkg reads dpkg's status: a paragraph for each package. One that can't be
// understood is noted, and the others are read.
func readDpkg(f *found, r io.Reader, _ int64) error {
	f.database = &database{}
	p := paragraph{}
	size := 0
	err := lines(r, func(line []byte) error {
		if size += len(line); size > maxParagraph {
			return fmt.Errorf("a paragraph has more than %d bytes", maxParagraph)
		}
		if len(line) > 0 {
			p.line(line)
			return nil
		}
		f.dpkg(p)
		p, size = paragraph{}, 0
		return nil
	})
	if err != nil {
		return err
	}
	f.dpkg(p)
	f.database.unique(func(p inventory.Package) string { return p.Name + "@" + p.FullVersion() })
	return nil
}

// paragraph is dpkg's record of one package.
type paragraph struct {
	fields map[string]string
	last   string
	bad    string // what is wrong with it; empty: nothing
}

// dpkgFields are the fields that are read, in small letters.
var dpkgFields = []string{"package", "version", "status", "source", "architecture", "maintainer", "vendor"}

// removed reports whether dpkg has removed the package, as the last of the
// status' three words says. One that is only marked to be removed is still there.
func (p paragraph) removed() bool {
	words := strings.Fields(p.fields["status"])
	if len(words) == 0 || words[0] != "deinstall" && words[0] != "purge" {
		return false
	}
	last := words[len(words)-1]
	return len(words) < 3 || last == "config-files" || last == "not-installed"
}

// line takes a line: a field, or what goes on with the one before.
func (p *paragraph) line(line []byte) {
	if line[0] == ' ' || line[0] == '\t' {
		if p.last == "" && p.fields == nil {
			p.bad = fmt.Sprintf("has a line that is no field: %.80q", line)
		}
		return
	}
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || len(name) == 0 {
		p.bad = fmt.Sprintf("has a line that is no field: %.80q", line)
		return
	}
	if p.fields == nil {
		p.fields = map[string]string{}
	}
	for _, wanted := range dpkgFields {
		if !strings.EqualFold(string(name), wanted) {
			continue
		}
		if _, twice := p.fields[wanted]; twice {
			p.bad = cmp.Or(p.bad, fmt.Sprintf("has a second field %.80q in one paragraph", line))
			continue
		}
		p.fields[wanted] = string(bytes.TrimSpace(value))
	}
	p.last = string(name)
}

// dpkg adds the package of a paragraph, if it is installed.
func (f *found) dpkg(p paragraph) {
	if p.fields == nil && p.bad == "" {
		return
	}
	name, full := p.fields["package"], p.fields["version"]
	if p.removed() {
		return
	}
	if p.bad != "" {
		f.unread = append(f.unread, finding.Undetermined{Package: cmp.Or(name, f.path), Version: full, Reason: f.path + " " + p.bad})
	}
	status := p.fields["status"]
	switch {
	case name != "" && full != "":
	case p.bad != "" || status != "" && !strings.HasSuffix(status, " installed"):
		return // noted, or known to dpkg and not there
	default:
		f.unread = append(f.unread, finding.Undetermined{Package: cmp.Or(name, f.path), Version: full, Reason: f.path + " lists it without its name or its version"})
		return
	}
	found, err := debianPackage(name, full, p.fields["source"])
	if err != nil {
		f.unread = append(f.unread, finding.Undetermined{Package: name, Version: full, Reason: err.Error()})
		return
	}
	found.Arch, found.Vendor = p.fields["architecture"], p.fields["maintainer"]
	_, vendor := p.fields["vendor"]
	found.Repository = repository(found.Vendor, vendor)
	f.database.packages = append(f.database.packages, found)
}

// debianPackage splits the versions of a package and of its source, which
// follows from the package's own where it is not named: "NAME", "NAME (VERSION)".
func debianPackage(name, full, source string) (inventory.Package, error) {
	p := inventory.Package{Class: inventory.ClassOS, Name: name}
	v, err := debian.NewVersion(full)
	if err != nil {
		return p, fmt.Errorf("its version is not a valid Debian version: %w", err)
	}
	p.Epoch, p.Version, p.Release = v.Epoch(), v.Version(), v.Revision()
	p.SrcName = name
	if word, rest, _ := strings.Cut(source, " "); word != "" {
		p.SrcName = word
		if rest, ok := strings.CutPrefix(strings.TrimSpace(rest), "("); ok {
			if end := strings.LastIndexByte(rest, ')'); end > 0 {
				full = strings.TrimSpace(rest[:end])
			}
		}
	}
	if v, err = debian.NewVersion(full); err != nil {
		return p, fmt.Errorf("the version of its source is not a valid Debian version: %w", err)
	}
	p.SrcEpoch, p.SrcVersion, p.SrcRelease = v.Epoch(), v.Version(), v.Revision()
	return p, nil
}

// unique keeps the last of the packages that have the same key.
func (d *database) unique(key func(inventory.Package) string) {
	at := make(map[string]int, len(d.packages))
	var kept []inventory.Package
	for _, p := range d.packages {
		k := key(p)
		if i, twice := at[k]; twice {
			kept[i] = p
			continue
		}
		at[k] = len(kept)
		kept = append(kept, p)
	}
	d.packages = kept
}

// readSums reads the list of a package's files that dpkg keeps to check them: a
// sum, two spaces, a path without its leading slash. A line that is none owns
// nothing.
func readSums(f *found, r io.Reader, _ int64) error {
	err := lines(r, func(line []byte) error {
		if _, name, ok := bytes.Cut(line, []byte("  ")); ok {
			f.sums = append(f.sums, hashOf(strings.TrimPrefix(string(name), "/")))
		}
		if len(f.sums) > maxEntries {
			return errors.New("it lists more files than an image may have")
		}
		return nil
	})
	if f.sums == nil {
		f.sums = []uint64{}
	}
	return err
}
