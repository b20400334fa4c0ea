// Package stricttest helps to test collectors that read one file.
package stricttest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// Collector is what is tested.
type Collector interface {
	Collect(ctx context.Context, req facts.Request) (facts.Section, error)
}

// Collect writes content to a file called f.yaml and has the collector that
// reading returns for it collect.
func Collect(t *testing.T, content string, reading func(strict.Path) Collector) (facts.Section, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f.yaml"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	section, err := reading(strict.Path{Dir: dir, Name: "f.yaml", Key: "sources.x.file"}).Collect(context.Background(), facts.Request{})
	if err != nil {
		return nil, err
	}
	return section.(facts.Observed).Section, nil
}

// Case is a file and what becomes of it: a section, or an error with a line that
// begins with Error.
type Case struct {
	Name, Content string
	Section       facts.Section
	Error         string
}

// Run tests each case.
func Run(t *testing.T, reading func(strict.Path) Collector, cases []Case) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			got, err := Collect(t, c.Content, reading)
			if c.Error != "" {
				if err == nil || !strings.Contains("\n"+err.Error(), "\n"+c.Error) {
					t.Errorf("the error is %v\nwant a line that begins %s\n(read %+v)", err, c.Error, got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.Section, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
