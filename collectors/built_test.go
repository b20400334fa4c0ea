package collectors_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/facts"
)

// waiting is a collector that reports the commit of the build that it waited for.
type waiting struct {
	name   string
	report func(string)
}

func (w waiting) Name() string { return w.name }

func (w waiting) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	w.report(req.Built(ctx))
	return nil, errors.New("nothing to report")
}

// Collectors that are asked at the same time as the section build get its commit, if it
// can be read. Otherwise they go on without it.
func TestCollectorsCanWaitForTheCommitOfTheBuild(t *testing.T) {
	commit := strings.Repeat("6b", 20)
	read := func(context.Context) (facts.Section, error) {
		time.Sleep(20 * time.Millisecond)
		return &facts.Build{Digest: "sha256:" + strings.Repeat("0", 64), Commit: commit, Builder: "x"}, nil
	}
	build := func(collect func(context.Context) (facts.Section, error)) []collectors.Collector {
		return []collectors.Collector{collectors.Limit(fake{"build", collect}, 50*time.Millisecond)}
	}
	for name, tt := range map[string]struct {
		build []collectors.Collector
		want  string
	}{
		"read": {build(read), commit},
		"read with what was observed of it": {build(func(ctx context.Context) (facts.Section, error) {
			section, err := read(ctx)
			return facts.Observed{Section: section}, err
		}), commit},
		"not read": {build(func(context.Context) (facts.Section, error) { return nil, errors.New("unreachable") }), ""},
		"no commit": {build(func(context.Context) (facts.Section, error) {
			return &facts.Build{Digest: "sha256:" + strings.Repeat("0", 64), Commit: "../../x", Builder: "x"}, nil
		}), ""},
		"panic":             {build(func(context.Context) (facts.Section, error) { panic("x") }), ""},
		"no answer in time": {build(func(ctx context.Context) (facts.Section, error) { <-ctx.Done(); return nil, ctx.Err() }), ""},
		"no collector":      {nil, ""},
		"two collectors":    {append(build(read), build(read)...), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := make(chan string, 2)
			report := func(commit string) { got <- commit }
			from := append([]collectors.Collector{waiting{"people", report}, waiting{"approvals", report}}, tt.build...)
			doc := collectors.Gather(t.Context(), clock, request(""), from)
			for range 2 {
				if commit := <-got; commit != tt.want {
					t.Errorf("it got the commit %q, want %q", commit, tt.want)
				}
			}
			if doc.Request.Built != nil {
				t.Error("the document's request can wait")
			}
		})
	}
}

// Who waits has a deadline, too.
func TestWhoWaitsForTheBuildHasADeadline(t *testing.T) {
	got := make(chan string, 1)
	from := []collectors.Collector{
		collectors.Limit(waiting{"people", func(commit string) { got <- commit }}, 10*time.Millisecond),
		collectors.Limit(fake{"build", func(ctx context.Context) (facts.Section, error) { <-ctx.Done(); return nil, ctx.Err() }}, 100*time.Millisecond),
	}
	doc := collectors.Gather(t.Context(), clock, request(""), from)
	if source := doc.Sources["people"]; source.Error == nil || !strings.Contains(*source.Error, "no answer within 10ms") {
		t.Errorf("%+v", source)
	}
	if commit := <-got; commit != "" {
		t.Error(commit)
	}
}
