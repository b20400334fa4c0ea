package collectors_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/collectors/file"
	"github.com/prodgate/prodgate/collectors/report"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/config"
)

// at is the instant the tests take for now.
var at = time.Date(2026, 11, 24, 16, 20, 0, 0, time.UTC)

func clock() time.Time { return at }

// skeletonConfig is the configuration that names every skeleton, as prodgate.yaml
// holds it.
func skeletonConfig(t *testing.T) collectors.Config {
	t.Helper()
	text := "sources:\n  " + strings.ReplaceAll(collectors.SkeletonConfig("evidence"), "\n", "\n  ")
	parsed, err := config.Parse("prodgate.yaml", "", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Sources
}

// writeSkeletons puts every skeleton into a folder of its own.
func writeSkeletons(t *testing.T) collectors.Config {
	t.Helper()
	cfg := skeletonConfig(t)
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
	named := map[string]bool{}
	for section, uses := range skeletonConfig(t).Sources {
		for _, use := range uses {
			switch settings := use.Inline.Settings.(type) {
			case *file.Settings:
				named[settings.File] = true
			case *report.Settings:
				named[settings.Reports[0]], named[settings.Database] = true, true
			default:
				t.Errorf("%s has settings of type %T", section, settings)
			}
		}
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
