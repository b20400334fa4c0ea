package file_test

import (
	"testing"
	"time"

	"github.com/prodgate/prodgate/collectors/file"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/internal/stricttest"
)

// reading returns a collector of section for a path.
func reading(section string) func(strict.Path) stricttest.Collector {
	return func(path strict.Path) stricttest.Collector { return file.Collector{Section: section, File: path} }
}

// at is the time of all records.
var at = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

func TestEverySectionHasASkeleton(t *testing.T) {
	for _, section := range file.Sections() {
		if name, content := file.Skeleton(section); name == "" || content == "" {
			t.Errorf("%s has no skeleton", section)
		}
	}
	if name, content := file.Skeleton("calendar"); name != "" || content != "" {
		t.Errorf("the calendar's skeleton is %q, %q; the calendar has a collector of its own", name, content)
	}
}
