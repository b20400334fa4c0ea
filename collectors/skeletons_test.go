package collectors_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/facts"
)

// at is the instant the tests take for now.
var at = time.Date(2026, 11, 24, 16, 20, 0, 0, time.UTC)

func clock() time.Time { return at }

// writeSkeletons puts every skeleton into a folder of its own.
func writeSkeletons(t *testing.T) collectors.Config {
	t.Helper()
	cfg := collectors.SkeletonConfig("evidence")
	cfg.Dir, cfg.Clock = t.TempDir(), clock
	for _, s := range collectors.Skeletons() {
		path := filepath.Join(cfg.Dir, "evidence", s.Filename)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(s.Content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return cfg
}

func TestEachSkeletonCollects(t *testing.T) {
	cfg := writeSkeletons(t)
	image := layoutImage(t)
	req := request(image)
	var err error
	if req.Digest, err = collectors.Resolve(context.Background(), cfg, image); err != nil {
		t.Fatal(err)
	}
	doc := collectors.Gather(context.Background(), clock, req, collectors.All(cfg))
	for _, name := range facts.Sections {
		source := doc.Sources[name]
		if source.Status != facts.StatusOK {
			t.Errorf("sources.%s: %s: %v", name, source.Status, *source.Error)
			continue
		}
		if source.Evidence == nil {
			t.Errorf("sources.%s has no evidence", name)
		}
	}
	if kind := doc.Sources["artifact"].Kind; kind != "oci" {
		t.Errorf("the artifact's kind of source is %q, and it lies in an OCI layout", kind)
	}
	if _, err := facts.FromDocument(doc); err != nil {
		t.Errorf("the gathered document is not valid: %v", err)
	}
	if !doc.Collected() {
		t.Error("the document is not marked as collected here")
	}
	if got := doc.Now.Format(time.RFC3339); got != "2026-11-24T11:20:00-05:00" {
		t.Errorf("now is %s, not the clock's time at the site's offset", got)
	}
}

func TestSkeletonsAreWhatTheirConfigurationNames(t *testing.T) {
	cfg := collectors.SkeletonConfig("evidence")
	named := map[string]bool{cfg.Vulnerabilities.Reports[0]: true, cfg.Vulnerabilities.Database: true}
	for _, f := range []collectors.File{cfg.Build, cfg.Staging, cfg.Calendar, cfg.Approvals, cfg.People, {File: cfg.Production.File},
		cfg.Rollback, cfg.Incidents, cfg.OnCall, cfg.Notifications, cfg.Monitoring, cfg.Waivers, {File: cfg.Trail.File}} {
		named[f.File] = true
	}
	for _, s := range collectors.Skeletons() {
		path := "evidence/" + s.Filename
		if !named[path] {
			t.Errorf("SkeletonConfig does not name %s", path)
		}
		delete(named, path)
	}
	for path := range named {
		t.Errorf("there is no skeleton for %s", path)
	}
}
