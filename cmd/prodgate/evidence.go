package main

import (
	"io/fs"
	"path/filepath"
	"strings"
	"time"
)

// evidence is a complete set of facts about one image of payments-api, as files, with
// a prodgate.yaml that refers to them and a pack that lists the service. Times are
// RFC 3339.
type evidence struct {
	Repository string // localhost:1234/payments-api
	Tag        string // short commit
	Commit     string // 40 hex digits
	Digest     string // of the image
	Target     string // digest of the rollback target
	Zone       string // IANA name
	Freezes    string // YAML list
	Approver   string
	Critical   bool // whether the scan found a critical vulnerability

	RequestedAt, BuiltAt, DeployedAt, VerifiedAt, ScannedAt, DatabaseAt, ApprovedAt, DirectoryAt, NotifiedAt, LiveAt string
}

// goodEvidence returns facts that allow a deployment of the image at now.
func goodEvidence(repository, digest, target string, now time.Time) evidence {
	ago := func(d time.Duration) string { return now.Add(-d).UTC().Format(time.RFC3339) }
	return evidence{
		Repository: repository, Tag: demoTag, Commit: demoCommit, Digest: digest, Target: target,
		Zone: "America/New_York", Freezes: "[]", Approver: "platform-lead@example.com",
		RequestedAt: ago(30 * time.Minute), BuiltAt: ago(3 * time.Hour), DeployedAt: ago(2 * time.Hour), VerifiedAt: ago(80 * time.Minute),
		ScannedAt: ago(100 * time.Minute), DatabaseAt: ago(6 * time.Hour), ApprovedAt: ago(10 * time.Minute),
		DirectoryAt: ago(3 * time.Hour), NotifiedAt: ago(25 * time.Minute), LiveAt: ago(30 * 24 * time.Hour),
	}
}

// Hex returns the digest without its algorithm.
func (e evidence) Hex() string { return strings.TrimPrefix(e.Digest, "sha256:") }

// write writes the files to dir and overwrites those of an earlier story.
func (e evidence) write(dir string) error {
	names, err := fs.Glob(templates, "templates/evidence/*.tmpl")
	if err != nil {
		return err
	}
	var s scaffold
	for _, name := range names {
		base := filepath.Base(name)
		s = append(s, blueprint{path: filepath.Join(dir, strings.TrimSuffix(base, ".tmpl")), template: "evidence/" + base})
	}
	s = append(s, blueprint{path: filepath.Join(dir, "organisation", "data.yaml"), template: "organisation.yaml.tmpl"})
	return s.write(e, true)
}
