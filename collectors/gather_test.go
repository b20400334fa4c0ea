package collectors_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/facts"
)

// layoutImage writes an OCI layout with one image and returns its reference.
func layoutImage(t *testing.T) string {
	t.Helper()
	image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	path, err := layout.Write(dir, index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendImage(image); err != nil {
		t.Fatal(err)
	}
	return "oci:" + dir
}

// request asks for reference.
func request(reference string) facts.Request {
	return facts.Request{
		ID: "r-1", Service: "payments-api", Environment: "production", Kind: facts.KindPromotion,
		Trigger: "workflow_dispatch", RequestedBy: "github:1", TriggeredBy: "github:1",
		RequestedAt: at.Add(-time.Hour), Reference: reference,
	}
}

// fake is a collector of a test's own.
type fake struct {
	name    string
	collect func(ctx context.Context) (facts.Section, error)
}

func (f fake) Name() string { return f.name }

func (f fake) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	return f.collect(ctx)
}

// says is a collector that returns section and err.
func says(name string, section facts.Section, err error) collectors.Collector {
	return fake{name, func(context.Context) (facts.Section, error) { return section, err }}
}

func TestGatherTurnsWhateverACollectorDoesIntoASource(t *testing.T) {
	told := errors.New("the tracker answers 500")
	tests := []struct {
		name   string
		from   collectors.Collector
		status facts.Status
		says   string
	}{
		{"a section is ok", says("incidents", facts.Incidents{}, nil), facts.StatusOK, ""},
		{"an error is one", says("incidents", nil, told), facts.StatusError, "the tracker answers 500"},
		{"a secret in an error is taken out", says("incidents", nil, errors.New("GET https://ci:hunter2@tracker/x\n500")), facts.StatusError, "GET https://redacted@tracker/x 500"},
		{"a section beside an error is dropped", says("incidents", facts.Incidents{}, told), facts.StatusError, "500"},
		{"nobody said where to look", says("incidents", nil, collectors.ErrUnconfigured), facts.StatusUnconfigured, "nobody said where to look"},
		{"a panic is an error", fake{"incidents", func(context.Context) (facts.Section, error) { panic("index out of range") }}, facts.StatusError, "panicked: index out of range"},
		{"nothing at all is an error", says("incidents", nil, nil), facts.StatusError, "no section and no error"},
		{"an observed nothing is an error", says("incidents", facts.Observed{}, nil), facts.StatusError, "no section and no error"},
		{"a nil pointer is an error", says("staging", (*facts.Staging)(nil), nil), facts.StatusError, "no section and no error"},
		{"another's section is an error", says("incidents", facts.Approvals{}, nil), facts.StatusError, `returned the section "approvals"`},
		{"a section that no document can hold is an error", says("incidents", facts.Incidents{{ID: "INC-1", Service: "Payments API", Status: "open", OpenedAt: at}}, nil), facts.StatusError, `/incidents/0/service is "Payments API"`},
		{"a value that JSON can't hold is an error", says("custom.flags", facts.Custom{Name: "flags", Value: func() {}}, nil), facts.StatusError, "cannot be written as JSON"},
		{"evidence that is none is an error", says("incidents", facts.Observed{Section: facts.Incidents{}, Evidence: &facts.Evidence{URI: "x", SHA256: "abc"}}, nil), facts.StatusError, "sha256"},
		{"a custom section in a reserved place is an error", says("custom.incidents", facts.Incidents{}, nil), facts.StatusError, `returned the section "incidents"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := collectors.Gather(context.Background(), clock, request("oci:x"), []collectors.Collector{tt.from})
			source := doc.Sources[tt.from.Name()]
			if source.Status != tt.status {
				t.Fatalf("status is %q, want %q (%v)", source.Status, tt.status, source.Error)
			}
			if tt.says != "" && !strings.Contains(*source.Error, tt.says) {
				t.Errorf("the error is %q, want %q in it", *source.Error, tt.says)
			}
			if tt.status != facts.StatusOK && (doc.Incidents != nil || doc.Staging != nil || doc.Approvals != nil) {
				t.Error("there is a section without an ok source")
			}
			if _, err := facts.FromDocument(doc); err != nil {
				t.Errorf("the document is not valid: %v", err)
			}
		})
	}
}

func TestASlowSourceCostsItsOwnDeadlineAndNoOther(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	slow := fake{"incidents", func(context.Context) (facts.Section, error) { <-hang; return facts.Incidents{}, nil }}
	polite := fake{"waivers", func(ctx context.Context) (facts.Section, error) { <-ctx.Done(); return nil, ctx.Err() }}
	doc := collectors.Gather(context.Background(), clock, request("oci:x"), []collectors.Collector{
		collectors.Limit(slow, 30*time.Millisecond),
		collectors.Limit(polite, 30*time.Millisecond),
		says("approvals", facts.Approvals{}, nil),
	})
	for _, name := range []string{"incidents", "waivers"} {
		if got := doc.Sources[name]; got.Status != facts.StatusError || !strings.Contains(*got.Error, "no answer within 30ms") {
			t.Errorf("sources.%s is %v %v", name, got.Status, *got.Error)
		}
	}
	if doc.Sources["approvals"].Status != facts.StatusOK || doc.Approvals == nil {
		t.Error("the slow sources cost another one")
	}
}

func TestACancelledContextLeavesADocumentOfErrors(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	hang := make(chan struct{})
	defer close(hang)
	slow := fake{"incidents", func(context.Context) (facts.Section, error) { <-hang; return facts.Incidents{}, nil }}
	doc := collectors.Gather(ctx, clock, request("oci:x"), []collectors.Collector{slow})
	if got := doc.Sources["incidents"]; got.Status != facts.StatusError || !strings.Contains(*got.Error, "stopped before there was an answer") {
		t.Errorf("sources.incidents is %v %v", got.Status, *got.Error)
	}
}

func TestTheOrderOfCollectorsChangesNothing(t *testing.T) {
	list := []collectors.Collector{
		says("incidents", facts.Incidents{{ID: "INC-1", Service: "payments-api", Status: "open", OpenedAt: at}}, nil),
		says("approvals", nil, errors.New("no")),
		says("custom.flags", facts.Custom{Name: "flags", Value: true}, nil),
		says("trail", &facts.Trail{Steps: []facts.Step{}, Debts: []facts.Debt{}}, nil),
	}
	want := collectors.Gather(context.Background(), clock, request("oci:x"), list)
	for range 20 {
		list = append(list[1:], list[0])
		got := collectors.Gather(context.Background(), clock, request("oci:x"), list)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(facts.Document{})); diff != "" {
			t.Fatalf("the document differs (-first +now):\n%s", diff)
		}
	}
}

func TestTwoCollectorsOfOneSectionAreAnErrorAndNoSection(t *testing.T) {
	doc := collectors.Gather(context.Background(), clock, request("oci:x"), []collectors.Collector{
		says("incidents", facts.Incidents{}, nil),
		says("incidents", facts.Incidents{{ID: "INC-1", Service: "payments-api", Status: "open", OpenedAt: at}}, nil),
	})
	if got := doc.Sources["incidents"]; got.Status != facts.StatusError || doc.Incidents != nil {
		t.Errorf("sources.incidents is %v and the section %v", got.Status, doc.Incidents)
	}
}

func TestEverySectionHasASourceAndTheUnconfiguredSayWhichKeyToSet(t *testing.T) {
	doc := collectors.Gather(context.Background(), clock, request(layoutImage(t)), collectors.All(collectors.Config{}))
	for _, name := range facts.Sections {
		source, ok := doc.Sources[name]
		if !ok {
			t.Errorf("sources.%s is missing", name)
			continue
		}
		if name == "artifact" {
			continue
		}
		key := "sources." + name + "."
		if source.Status != facts.StatusUnconfigured || !strings.Contains(*source.Error, key) {
			t.Errorf("sources.%s is %s: %v; want it unconfigured and %q named", name, source.Status, *source.Error, key)
		}
	}
}

func TestCollectedAtIsTheClockAfterTheLastAnswer(t *testing.T) {
	now := at
	finished := make(chan struct{})
	slow := fake{"incidents", func(context.Context) (facts.Section, error) {
		<-finished
		return facts.Incidents{}, nil
	}}
	ticks := 0
	ticking := func() time.Time { // each look at the clock is a minute later
		ticks++
		now = now.Add(time.Minute + 300*time.Millisecond)
		if ticks == 1 {
			close(finished)
		}
		return now
	}
	doc := collectors.Gather(context.Background(), ticking, request("oci:x"), []collectors.Collector{slow, says("approvals", facts.Approvals{}, nil)})
	for name, source := range doc.Sources {
		if source.ObservedAt != nil && source.ObservedAt.After(doc.CollectedAt) {
			t.Errorf("sources.%s was observed at %s, after collected_at %s", name, source.ObservedAt, doc.CollectedAt)
		}
	}
	if doc.CollectedAt.Nanosecond() != 0 || !doc.Now.Equal(doc.CollectedAt) {
		t.Errorf("collected_at is %s and now %s; want one instant in whole seconds", doc.CollectedAt, doc.Now)
	}
}
