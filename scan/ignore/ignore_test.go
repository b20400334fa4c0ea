package ignore

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/scan/finding"
)

func words(s string) *string { return &s }

func date(year int, month time.Month, day int) *time.Time {
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return &t
}

const lines = `# Accepted until the next base image
# (see SEC-77).
CVE-2026-1
CVE-2026-2 exp:2026-12-01

CVE-2026-3 # not reachable
# another one
CVE-2026-4   exp:2026-12-02 # until then
`

const entries = `vulnerabilities:
  - id: CVE-2026-1
    paths: ["usr/bin/app", "opt/**"]
    purls: ["pkg:deb/debian/openssl"]
    expired_at: 2026-12-01
    statement: no TLS server here
  - id: CVE-2026-2
misconfigurations:
  - id: AVD-DS-0001
`

func TestALineIsARequest(t *testing.T) {
	got, err := Read(".trivyignore", []byte(lines))
	if err != nil {
		t.Fatal(err)
	}
	above := words("Accepted until the next base image (see SEC-77).")
	want := []Request{
		{ID: "CVE-2026-1", Reason: above, Source: ".trivyignore"},
		{ID: "CVE-2026-2", Reason: above, ExpiresAt: date(2026, 12, 1), Source: ".trivyignore"},
		{ID: "CVE-2026-3", Reason: words("not reachable"), Source: ".trivyignore"},
		{ID: "CVE-2026-4", Reason: words("until then"), ExpiresAt: date(2026, 12, 2), Source: ".trivyignore"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, empty := range []string{"", "\n\n", "# nothing"} {
		if got, err := Read(".trivyignore", []byte(empty)); err != nil || got == nil || len(got) != 0 {
			t.Errorf("%q: %v, %v", empty, got, err)
		}
	}
}

func TestAnEntryIsARequest(t *testing.T) {
	got, err := Read(".trivyignore.yaml", []byte(entries))
	if err != nil {
		t.Fatal(err)
	}
	want := []Request{
		{ID: "CVE-2026-1", Paths: []string{"usr/bin/app", "opt/**"}, PURLs: []string{"pkg:deb/debian/openssl"}, Reason: words("no TLS server here"), ExpiresAt: date(2026, 12, 1), Source: ".trivyignore.yaml"},
		{ID: "CVE-2026-2", Source: ".trivyignore.yaml"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAnInvalidRequestIsAnError(t *testing.T) {
	tests := []struct{ name, file, content, want string }{
		{"two ids on a line", "i", "CVE-1\nCVE-2 CVE-3\n", `i:2: "CVE-3" is neither an id nor exp:YYYY-MM-DD`},
		{"a date that is none", "i", "CVE-1 exp:2026-13-01", `i:1: invalid date "2026-13-01"`},
		{"no date", "i", "CVE-1 exp:", `i:1: invalid date ""`},
		{"a word too many", "i", "CVE-1 exp:2026-12-01 soon", "is neither"},
		{"bytes that are no text", "i", "CVE-1 # \xff", "not UTF-8"},
		{"an entry without an id", "i.yaml", "vulnerabilities:\n  - statement: x\n", "i.yaml:2: an entry has no id"},
		{"an empty path", "i.yml", "vulnerabilities:\n  - id: CVE-1\n    paths: ['']\n", "an empty path"},
		{"an entry that never began", "i.yaml", "vulnerabilities:\n  - id: CVE-1\n    expired_at: tomorrow\n", `expired_at of CVE-1: invalid date "tomorrow"`},
		{"YAML that is none", "i.yaml", "vulnerabilities: [", "not YAML"},
		{"a list of words", "i.yaml", "vulnerabilities: [CVE-1]", "is a text, and must be a mapping"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := Read(tt.file, []byte(tt.content)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("read %+v, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestAboutKeepsOnlyRequestsForFindings(t *testing.T) {
	findings := []finding.Finding{{ID: "CVE-2"}, {ID: "CVE-3"}}
	got := About([]Request{{ID: "CVE-1"}, {ID: "CVE-2"}, {ID: "CVE-3"}}, findings)
	if len(got) != 2 || got[0].ID != "CVE-2" || got[1].ID != "CVE-3" {
		t.Errorf("%+v", got)
	}
}

// FuzzRead shows that no file makes the reader panic, and that whatever is read
// names a vulnerability.
func FuzzRead(f *testing.F) {
	f.Add(".trivyignore", lines)
	f.Add(".trivyignore.yaml", entries)
	f.Add("x.yml", "vulnerabilities: [{id: a, expired_at: 2026-01-01T00:00:00Z}, null]")
	f.Fuzz(func(t *testing.T, name, content string) {
		got, err := Read(name, []byte(content))
		if err != nil {
			return
		}
		for _, r := range got {
			if strings.TrimSpace(r.ID) == "" || r.Reason != nil && *r.Reason == "" || r.ExpiresAt != nil && (r.ExpiresAt.Year() < 1970 || r.ExpiresAt.Year() > 2200) {
				t.Errorf("read %+v", r)
			}
		}
	})
}
