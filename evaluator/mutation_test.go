package evaluator

import (
	"context"
	"errors"
	"flag"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/prodgate/prodgate/internal/race"
	"pgregory.net/rapid"
)

// No fact that is missing, malformed, stale or foreign turns a denial into an
// allow. Every value of every story is deleted, made null, given another type,
// emptied, re-cased and, where it is a time, moved. The rules judge each mutant
// as stock OPA does, without schema and strictness; with them nothing more can
// be allowed, since an error of a built-in function ends the evaluation instead
// of being undefined. That is tried on one in sixteen of the mutants that the
// rules deny.
//
// What a mutant may do nevertheless is listed in needless_test.go. An entry
// that nothing needs is a failure, too, where every story is tried: "make
// proof" does that, for it takes many minutes. With -proof-seed it tries every
// allowed story and a quarter of the denied ones; otherwise it tries a
// twelfth of the mutants of one story in 96.
func TestNoBrokenFactOpensTheGate(t *testing.T) {
	race.SkipSweep(t)
	p := newProof(t)
	chosen := stories(t)
	switch {
	case !*everyStory:
		chosen = slices.DeleteFunc(chosen, func(s story) bool { return hashed(s.name)%96 > 0 })
	case *proofSeed != "":
		chosen = slices.DeleteFunc(chosen, func(s story) bool { return s.decision(t).Outcome == Deny && leftOut(s.name) })
	}
	if testing.Short() || race.Enabled {
		chosen = chosen[:1]
	}
	work := make(chan story)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for s := range work {
				p.story(s)
			}
		})
	}
	for _, s := range chosen {
		work <- s
	}
	close(work)
	workers.Wait()
	t.Logf("%d mutants of %d stories, %d of them allowed for a listed reason, %d tried with schema and strictness",
		p.tried.Load(), len(chosen), p.excused.Load(), p.strict.Load())
	if len(chosen) == len(stories(t)) {
		p.findUnused()
	}
}

var (
	everyStory = flag.Bool("proof", false, "try every story and setting")
	proofSeed  = flag.String("proof-seed", "", "with -proof: try a quarter of what is denied, chosen by this text")
)

// checkSome is rapid.Check of an eighth of as many examples; "make proof" tries all.
func checkSome(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	if checks := flag.Lookup("rapid.checks"); checks != nil && !*everyStory {
		before := checks.Value.String()
		if n, err := strconv.Atoi(before); err == nil {
			t.Cleanup(func() { _ = flag.Set("rapid.checks", before) })
			if err := flag.Set("rapid.checks", strconv.Itoa(max(n/8, 1))); err != nil {
				t.Fatal(err)
			}
		}
	}
	rapid.Check(t, property)
}

// leftOut reports whether a sample that -proof-seed chooses leaves name out.
func leftOut(name string) bool { return *proofSeed != "" && hashed(name+*proofSeed)%4 > 0 }

// proof is the state that the workers share.
type proof struct {
	t                      *testing.T
	e                      *Evaluator
	unused                 sync.Map // entries of the two lists that nothing has needed yet
	tried, excused, strict atomic.Int64
}

func newProof(t *testing.T) *proof {
	p := &proof{t: t, e: shippedRules(t)}
	for _, entry := range slices.Concat(needlessFacts, otherTrueStories) {
		p.unused.Store(entry, true)
	}
	return p
}

func (p *proof) findUnused() {
	p.unused.Range(func(entry, _ any) bool {
		p.t.Errorf("no mutant needs the entry %s", entry)
		return true
	})
}

func (p *proof) story(s story) {
	p.judge(s, s.decision(p.t), needlessFacts, otherTrueStories, "")
}

// judge tries the mutants of s at and below a path: those of an allow against
// what is needless, those of a denial against the other true stories.
func (p *proof) judge(s story, decision Decision, needlessHere, otherTrue []needless, below string) {
	excuses := otherTrue
	if decision.Outcome == Allow {
		excuses = needlessHere
	}
	failing := slices.DeleteFunc(slices.Clone(decision.Required), func(name string) bool {
		return slices.Contains(decision.Passed, name)
	})
	in := s.input(p.t)
	mutantsOf(s.name, ast.NewTerm(in.value), func(m mutant) {
		if !strings.HasPrefix(m.path, below) || !*everyStory && hashed(m.String()+s.name)%12 > 0 {
			return
		}
		p.tried.Add(1)
		allowed := p.allows(in, m, failing)
		switch {
		case allowed && !p.excuse(s, m, excuses):
			p.t.Errorf("%s: %s: allowed", s.name, m)
		case !allowed && hashed(s.name+m.String())%16 == 0:
			p.tryStrictly(s, m)
		}
	})
}

func (p *proof) excuse(s story, m mutant, excuses []needless) bool {
	for _, entry := range excuses {
		if entry.covers(s.name, m) {
			p.unused.Delete(entry)
			p.excused.Add(1)
			return true
		}
	}
	return false
}

// allows asks first the checks that fail in the story itself: as long as one of
// them does not pass, nothing is allowed. A mutant of the request may require
// other checks.
func (p *proof) allows(in *Input, m mutant, failing []string) bool {
	document := m.document()
	ofRequest := strings.HasPrefix(m.path, "/request")
	if !ofRequest {
		for _, check := range failing {
			if !p.holds(checksPath+check+".pass = true", document, p.settings(in, ofRequest)) {
				return false
			}
		}
	}
	return p.holds(`data.prodgate.v1.deploy.outcome = "allow"`, document, p.settings(in, ofRequest))
}

// settings spares the rules from resolving the settings anew for every mutant
// of the same request.
func (p *proof) settings(in *Input, ofRequest bool) topdown.VirtualCache {
	if ofRequest {
		return topdown.NewVirtualCache()
	}
	run, err := p.e.start(context.Background(), in)
	if err != nil {
		p.t.Error(err)
		return topdown.NewVirtualCache()
	}
	return run.begin()
}

// holds evaluates a query as stock OPA does, but for where zones come from.
func (p *proof) holds(text string, input *ast.Term, cache topdown.VirtualCache) bool {
	query, err := p.e.compileQuery(text)
	if err != nil {
		p.t.Error(err)
		return true
	}
	ctx := context.Background()
	txn, err := p.e.store.NewTransaction(ctx)
	if err != nil {
		p.t.Error(err)
		return true
	}
	defer p.e.store.Abort(ctx, txn)
	results, err := topdown.NewQuery(query).
		WithCompiler(p.e.compiler).
		WithBuiltins(ownZones()).
		WithStore(p.e.store).
		WithTransaction(txn).
		WithInput(input).
		WithVirtualCache(cache).
		Run(ctx)
	if err != nil && !isUndefined(err) {
		p.t.Error(err)
	}
	return err == nil && len(results) > 0
}

// isUndefined accepts errors which OPA gives for rules that contradict each
// other; they are no decision.
func isUndefined(err error) bool {
	var e *topdown.Error
	return errors.As(err, &e) && e.Code == topdown.ConflictErr
}

// tryStrictly decides as prodgate does on a mutant that the rules alone do not
// allow.
func (p *proof) tryStrictly(s story, m mutant) {
	p.strict.Add(1)
	plain, err := ast.JSON(m.document().Value)
	if err != nil {
		p.t.Error(err)
		return
	}
	input, err := Read(s.name, marshal(p.t, plain))
	if err != nil {
		return
	}
	run, err := p.e.start(context.Background(), input)
	if err != nil {
		return
	}
	result, err := run.whole(input.now, run.begin())
	if err == nil && result.outcome == Allow {
		p.t.Errorf("%s: %s: prodgate allows what the rules alone do not", s.name, m)
	}
}
