package evaluator

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/fixture"
	"github.com/prodgate/prodgate/internal/race"
)

// The stories of fixtures/looser are decided under a pack whose settings are
// looser about vulnerabilities than those shipped: leeway, authors of VEX
// statements, packages that need not be judged.
const looserFolder = "../fixtures/looser"

// looserRules is one evaluator for all of them.
var looserRules = sync.OnceValues(func() (*Evaluator, error) {
	return New(context.Background(), Options{Packs: []string{filepath.Join(looserFolder, "pack")}})
})

type looserStory struct {
	story
	decision Decision
}

func looserStories(t testing.TB) (*Evaluator, []looserStory) {
	t.Helper()
	e, err := looserRules()
	if err != nil {
		t.Fatal(err)
	}
	read, err := fixture.All(filepath.Join(looserFolder, "cases"))
	if err != nil || len(read) < 12 {
		t.Fatalf("%d stories in %s, %v", len(read), looserFolder, err)
	}
	var all []looserStory
	for _, s := range read {
		name := "looser/" + s.Name
		all = append(all, looserStory{story{name, s.Document, s.Folder}, replay(t, e, s.Document)})
	}
	return e, all
}

func TestLooserStoriesAreDecidedAsTheySay(t *testing.T) {
	_, all := looserStories(t)
	decidedAsTold(t, all)
}

// decidedAsTold fails unless each story is decided as its folder says.
func decidedAsTold(t *testing.T, all []looserStory) {
	t.Helper()
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			compareTold(t, s.story, s.decision)
			if allow := strings.HasPrefix(filepath.Base(s.folder), "allow"); allow != (s.decision.Outcome == Allow) {
				t.Errorf("outcome %q", s.decision.Outcome)
			}
			about, err := os.ReadFile(s.file("about.md"))
			if err != nil || !strings.Contains(string(about), "\nSpecification: \"") {
				t.Errorf("about.md: %v; want the specification's words in it", err)
			}
		})
	}
}

// Under the shipped settings none of them is allowed: they give no leeway,
// believe no author and tolerate no package.
func TestLooserStoriesAreDeniedByTheShippedSettings(t *testing.T) {
	_, all := looserStories(t)
	for _, s := range all {
		if got := replay(t, shippedRules(t), s.document); got.Outcome != Deny {
			t.Errorf("%s: %q", s.name, got.Outcome)
		}
	}
}

func TestAnAllowWithinLeewayEndsWithIt(t *testing.T) {
	e, all := looserStories(t)
	for _, s := range all {
		if !strings.HasPrefix(s.name, "looser/allow-leeway") {
			continue
		}
		edge := time.Date(2026, 11, 24, 16, 28, 0, 0, time.UTC)
		if until := s.decision.ValidUntil; until == nil || !until.Equal(edge) {
			t.Errorf("%s: valid until %v, want %v", s.name, until, edge)
		}
		for at, want := range map[time.Time]Outcome{edge.Add(-time.Second): Allow, edge: Deny} {
			got, err := e.Decide(context.Background(), s.input(t).At(at))
			if err != nil || got.Outcome != want {
				t.Errorf("%s at %s: %q, %v, want %q", s.name, at, got.Outcome, err, want)
			}
		}
	}
}

// The same, not found at once but in the timetable of the coming days.
func TestWhenShowsTheEndOfLeeway(t *testing.T) {
	e, all := looserStories(t)
	for _, s := range all {
		if s.name != "looser/allow-leeway" {
			continue
		}
		in := s.input(t)
		got, err := e.When(context.Background(), in, Search{Until: in.Now().Add(24 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		edge := time.Date(2026, 11, 24, 16, 28, 0, 0, time.UTC)
		if len(got.Intervals) != 1 || !got.Intervals[0].To.Equal(edge) {
			t.Errorf("open %v, want until %v", got.Intervals, edge)
		}
	}
}

// As TestNoBrokenFactOpensTheGate, for the facts that only looser settings let
// speak for an artifact: what a scan found, and what is said of it.
func TestNoBrokenFactOpensTheLooserGate(t *testing.T) {
	if testing.Short() || race.Enabled {
		t.Skip("decides many thousand times: run it without -short")
	}
	e, all := looserStories(t)
	p := &proof{t: t, e: e}
	for _, entry := range append(looserNeedless, looserTrue...) {
		p.unused.Store(entry, true)
	}
	work := make(chan looserStory)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for s := range work {
				p.judge(s.story, s.decision, looserNeedless, looserTrue, "/vulnerabilities")
			}
		})
	}
	tried := 0
	for i, s := range all {
		if i%12 == 0 || *everyStory { // "make proof" tries all
			tried++
			work <- s
		}
	}
	close(work)
	workers.Wait()
	t.Logf("%d mutants, %d of them allowed for a listed reason", p.tried.Load(), p.excused.Load())
	if tried == len(all) {
		p.findUnused()
	}
}

// looserNeedless are the mutations that leave an allow as it is; see
// needlessFacts.
var looserNeedless = []needless{
	{"*", "/vulnerabilities/scans/*/scanner|/vulnerabilities/scans/*/packages|/vulnerabilities/scans/*/database/schema|/vulnerabilities/scans/*/platform|" +
		"/vulnerabilities/scans/*/findings/*/package|/vulnerabilities/scans/*/findings/*/installed_version|/vulnerabilities/scans/*/findings/*/status|" +
		"/vulnerabilities/scans/*/findings/*/ecosystem|/vulnerabilities/scans/*/findings/*/target|" +
		"/vulnerabilities/scans/*/undetermined/*/version|/vulnerabilities/scans/*/undetermined/*/reason|" +
		"/vulnerabilities/statements/*/justification|/vulnerabilities/statements/*/source|*/verified_by", "*",
		"for people to read"},
	{"*", "/vulnerabilities/scans/*/findings/0/*|/vulnerabilities/scans/*/findings/1/*|/vulnerabilities/scans/*/findings/2/*|/vulnerabilities/scans/*/findings/3/*", "*",
		"tolerated, as long as its severity is one that is"},
	{"*", "*_at|/vulnerabilities/statements/*/timestamp", "move *",
		"still on the right side of every limit"},
	{"*", "/vulnerabilities/scans/*/findings|/vulnerabilities/scans/*/undetermined", "empty list",
		"a source that was read says that there is nothing"},
	{"*", "/vulnerabilities/scans/*/findings/*|/vulnerabilities/scans/*/undetermined/*", "delete",
		"one thing less that could hold back"},
	{"looser/allow-leeway*", "/vulnerabilities/scans/0/findings/4/id|/vulnerabilities/scans/0/findings/4/purl", "*",
		"its age decides, whatever it is called"},
	{"looser/allow-leeway", "/vulnerabilities/scans/0/findings/4/fixed_version", "null|case *",
		"a fix of whatever version, or none: both leave the time"},
	{"looser/allow-vex*", "/vulnerabilities/scans/0/findings/4/fixed_version|/vulnerabilities/scans/0/findings/4/published_at|/vulnerabilities/scans/0/findings/4/severity", "*",
		"does no harm, whatever its age, fix and severity"},
	{"looser/allow-vex", "/vulnerabilities/statements/0/product", "*", "the digest says which product it is"},
	{"looser/allow-vex*", "/vulnerabilities/statements/0/purl", "null", "the product as a whole, this package included"},
}

// looserTrue are the mutations that turn a denial into an allow, because they
// tell another story that may be true; see otherTrueStories.
var looserTrue = []needless{
	{"looser/deny-leeway*|looser/deny-vex-*", "/vulnerabilities/scans/0/findings", "empty list", "nothing found"},
	{"looser/deny-leeway*|looser/deny-vex-*", "/vulnerabilities/scans/0/findings/4", "delete", "this was not found"},
	{"looser/deny-leeway-over", "/vulnerabilities/scans/0/findings/4/fixed_version", "null", "no fix is known, which leaves more time"},
	{"looser/deny-leeway-over", "/vulnerabilities/scans/0/findings/4/published_at", "move +1s|move +1d", "published later"},
	{"looser/deny-leeway-dated-later", "/vulnerabilities/scans/0/findings/4/published_at", "move -1s|move -1d", "published before the facts were collected"},
	{"looser/deny-vex-dated-later", "/vulnerabilities/statements/0/timestamp", "move -*", "said before the facts were collected"},
	{"looser/deny-vex-expired", "/vulnerabilities/statements/0/expires_at", "move +*|null", "in force for longer"},
	{"looser/deny-vex-of-another-package", "/vulnerabilities/statements/0/purl", "null", "about the product as a whole"},
	{"looser/deny-vex-taken-back", "/vulnerabilities/statements/1", "delete", "they did not change their minds"},
	{"looser/deny-vex-taken-back", "/vulnerabilities/statements/1/digest", "null|swap *", "they did so about another product"},
	{"looser/deny-vex-taken-back", "/vulnerabilities/statements/1/timestamp", "move -10y", "they did so before they looked again"},
}
