package advisoriestest

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/aquasecurity/trivy-db/pkg/types"
	bbolt "go.etcd.io/bbolt"
)

// platforms share the generated advisories, in parts of a hundred, about as
// Trivy's database does.
var platforms = []struct {
	name    string
	source  types.SourceID
	percent int
	each    int // advisories for a package
}{
	{"alpine 3.22", "alpine", 5, 6},
	{"debian 12", "debian", 35, 10},
	{"go::GitHub Security Advisory Go", "ghsa", 3, 3},
	{"maven::GitHub Security Advisory Maven", "ghsa", 7, 4},
	{"npm::GitHub Security Advisory npm", "ghsa", 15, 2},
	{"pip::GitHub Security Advisory pip", "ghsa", 8, 4},
	{"rubygems::Ruby Advisory Database", "ruby-advisory-db", 2, 3},
	{"ubuntu 22.04", "ubuntu", 25, 8},
}

// batch is how many entries are written in one transaction.
const batch = 20_000

// PackageName is the name of the generated package of that number, on every
// platform.
func PackageName(number int) string { return fmt.Sprintf("package-%06d", number) }

// Generate makes a database of about n advisories in dir, and of a quarter as
// many vulnerabilities, described at the length that is usual. Versions are
// 1.0.0 … 9.9.9. The same n gives the same database.
func Generate(dir string, updated time.Time, n int) error {
	vulnerabilities := max(n/4, 1)
	var pending []func(db.Config, *bbolt.Tx) error
	flush := func(least int) error {
		if len(pending) < least {
			return nil
		}
		err := update(dir, func(w db.Config, tx *bbolt.Tx) error {
			for _, put := range pending {
				if err := put(w, tx); err != nil {
					return err
				}
			}
			return nil
		})
		pending = pending[:0]
		return err
	}
	seed := uint32(1)
	for _, p := range platforms {
		pending = append(pending, func(w db.Config, tx *bbolt.Tx) error {
			return w.PutDataSource(tx, p.name, types.DataSource{ID: p.source, Name: p.name, URL: "https://example.com/" + string(p.source)})
		})
		for i := range n * p.percent / 100 {
			seed = seed*1664525 + 1013904223
			id, advisory := identifier(int(seed)%vulnerabilities), generated(p.name, seed)
			pending = append(pending, func(w db.Config, tx *bbolt.Tx) error {
				return w.PutAdvisory(tx, []string{p.name, PackageName(i / p.each)}, id, advisory)
			})
			if err := flush(batch); err != nil {
				return err
			}
		}
	}
	for i := range vulnerabilities {
		pending = append(pending, func(w db.Config, tx *bbolt.Tx) error { return w.PutVulnerability(tx, identifier(i), described(i)) })
		if err := flush(batch); err != nil {
			return err
		}
	}
	if err := flush(0); err != nil {
		return err
	}
	return WriteMetadata(dir, updated)
}

func identifier(number int) string {
	if number < 0 {
		number = -number
	}
	return fmt.Sprintf("CVE-%d-%05d", 2000+number%26, number)
}

// generated is an advisory in the way of its platform.
func generated(platform string, seed uint32) *types.Advisory {
	version := fmt.Sprintf("%d.%d.%d", 1+seed>>8%9, seed>>16%10, seed>>24%10)
	if !strings.Contains(platform, "::") {
		a := &types.Advisory{FixedVersion: version + "-r1"}
		if seed>>4%4 == 0 && platform != "alpine 3.22" {
			a.FixedVersion, a.Status = "", types.StatusAffected
		}
		return a
	}
	if strings.HasPrefix(platform, "rubygems") {
		return &types.Advisory{PatchedVersions: []string{">= " + version}}
	}
	return &types.Advisory{VulnerableVersions: []string{">=1.0.0, <" + version}, PatchedVersions: []string{version}}
}

// described is a description of usual length, two to three kilobytes.
func described(number int) types.Vulnerability {
	published := time.Date(2000+number%26, time.Month(1+number%12), 1+number%28, 12, 0, 0, 0, time.UTC)
	severity := types.Severity(1 + number%4)
	v := types.Vulnerability{
		Title:          fmt.Sprintf("package: a flaw of kind %d lets an attacker do harm", number%97),
		Description:    strings.Repeat("A flaw was found in the way that input is handled, which \"an attacker\" can use. ", 8+number%8),
		CweIDs:         []string{"CWE-79", "CWE-787"},
		VendorSeverity: types.VendorSeverity{"nvd": severity, "redhat": types.SeverityMedium, "ubuntu": types.SeverityLow},
		CVSS: types.VendorCVSS{
			"nvd":    {V3Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", V3Score: 9.8, V2Vector: "AV:N/AC:L/Au:N/C:P/I:P/A:P", V2Score: 7.5},
			"redhat": {V3Vector: "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", V3Score: 8.1},
		},
		PublishedDate: &published, LastModifiedDate: &published,
	}
	if number%3 == 0 {
		v.VendorSeverity["ghsa"] = cmp.Or(severity-1, types.SeverityLow)
	}
	for i := range 8 + number%12 {
		v.References = append(v.References, fmt.Sprintf("https://example.com/%s/advisories/%d-%d", identifier(number), number, i))
	}
	return v
}
