// Package match finds the known vulnerabilities of what is installed: it holds
// an inventory against the advisory database, release by release and language by
// language, as Trivy does (docs/vulnerabilities.md says where not).
//
// What Trivy silently skips is in Result.Undetermined. The
// package judges nothing: policies decide which finding denies.
package match

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
)

// Result has the known vulnerabilities of an inventory.
type Result struct {
	Findings     []Finding              // sorted, each once
	Undetermined []finding.Undetermined // what could not be judged, and why; sorted, each once
	Packages     int                    // in the inventory
}

// Finding is one advisory that matches one package, with what only the matcher
// knows of it.
type Finding struct {
	finding.Finding

	VendorIDs      []string // the advisory's other IDs: RHSA-…
	SeveritySource string   // ID of the source of the severity; empty: the database's default
	DataSource     string   // ID of the source of the advisory; empty: not known
	Title          string

	Class    inventory.Class
	Type     string // the package's
	FilePath string
	Arch     string // rpm only: the same package of two architectures gives two findings
}

// Find looks every package of inv up in db. An error means that the database
// could not be read to the end or that ctx ended: then nothing is known.
//
// A release has reached its end of life if it had when the database was made
// (Metadata.UpdatedAt): what the database can know does not depend on today's
// date, and its age is judged by the policies.
func Find(ctx context.Context, db *advisories.Database, inv *inventory.Inventory) (*Result, error) {
	m := &matcher{db: db, inv: inv, at: db.Metadata().UpdatedAt, shelves: map[string]*shelf{}}
	m.undetermined = slices.Clone(inv.Unread)
	if err := m.plan(); err != nil {
		return nil, err
	}
	found, err := m.run(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.describe(ctx, found); err != nil {
		return nil, err
	}
	if err := db.Unchanged(); err != nil {
		return nil, err
	}
	result := &Result{Findings: unique(found), Undetermined: m.undetermined, Packages: len(inv.Packages)}
	slices.SortFunc(result.Undetermined, func(a, b finding.Undetermined) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Reason, b.Reason))
	})
	result.Undetermined = slices.Compact(result.Undetermined)
	return result, nil
}

// matcher is one run of Find.
type matcher struct {
	db  *advisories.Database
	inv *inventory.Inventory
	at  time.Time // decides which releases have reached their end of life

	mu      sync.Mutex // guards shelves
	shelves map[string]*shelf

	tasks        []task
	undetermined []finding.Undetermined
}

// task is one package with the way to judge it.
type task struct {
	p     *inventory.Package
	judge judge
}

// judge looks one package up. It is called from several goroutines.
type judge func(p *inventory.Package, o *outcome) error

// outcome is the result of a judge for a package.
type outcome struct {
	findings     []Finding
	undetermined []finding.Undetermined
}

// note says that p could not be judged, and why.
func (o *outcome) note(p *inventory.Package, format string, args ...any) {
	o.undetermined = append(o.undetermined, finding.Undetermined{
		Package: p.Name, Version: p.FullVersion(), Reason: fmt.Sprintf(format, args...),
	})
}

// unreadable says that p could not be compared with the versions in a.
func (o *outcome) unreadable(p *inventory.Package, a advisories.Advisory, err error) {
	o.note(p, "the versions in %s cannot be parsed: %s", a.ID, shortened(err.Error()))
}

// note says that something in the inventory as a whole could not be judged.
func (m *matcher) note(name, version, format string, args ...any) {
	m.undetermined = append(m.undetermined, finding.Undetermined{Package: name, Version: version, Reason: fmt.Sprintf(format, args...)})
}

// plan decides how each package is to be judged.
func (m *matcher) plan() error {
	var system, language []*inventory.Package
	for i := range m.inv.Packages {
		p := &m.inv.Packages[i]
		if p.Class == inventory.ClassOS {
			system = append(system, p)
		} else {
			language = append(language, p)
		}
	}
	if len(m.inv.Packages) == 0 && (m.inv.OS == nil || m.inv.OS.Family == "none") {
		m.note("image", "", "no package was recognised, so its content is unknown")
	}
	if err := m.planSystem(system); err != nil {
		return err
	}
	return m.planLanguages(language)
}

// run carries the tasks out, on every core.
func (m *matcher) run(ctx context.Context) ([]Finding, error) {
	outcomes := make([]outcome, len(m.tasks))
	err := parallel(ctx, len(m.tasks), func(i int) error {
		return m.tasks[i].judge(m.tasks[i].p, &outcomes[i])
	})
	if err != nil {
		return nil, err
	}
	total := 0
	for _, o := range outcomes {
		total += len(o.findings)
	}
	found := make([]Finding, 0, total)
	for _, o := range outcomes {
		found = append(found, o.findings...)
		m.undetermined = append(m.undetermined, o.undetermined...)
	}
	return found, nil
}

// readers is how many lookups may wait for the disk at once.
const readers = 8

// parallel calls f for 0 … n-1 on every core and waits. After the first error, or
// once ctx ends, it begins no more.
func parallel(ctx context.Context, n int, f func(i int) error) error {
	const block = 8 // neighbours are read from the same pages
	var next atomic.Int64
	var wait sync.WaitGroup
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	for range min(max(runtime.GOMAXPROCS(0), readers), (n+block-1)/block) {
		wait.Go(func() {
			for {
				begin := int(next.Add(block)) - block
				for i := begin; i < min(begin+block, n); i++ {
					if ctx.Err() != nil {
						return
					}
					if err := f(i); err != nil {
						stop(err)
						return
					}
				}
				if begin >= n {
					return
				}
			}
		})
	}
	wait.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// shelf is a set of platforms that are looked through together; what was read
// for a name is kept, since many packages of a distribution have one source.
type shelf struct {
	platforms []*advisories.Platform

	mu   sync.Mutex
	read map[string]*reading
}

type reading struct {
	once sync.Once
	list []advisories.Advisory
	err  error
}

// advisories gives those for a name, by ID. Where two platforms have the same,
// the later counts.
func (s *shelf) advisories(name string) ([]advisories.Advisory, error) {
	s.mu.Lock()
	if s.read == nil {
		s.read = map[string]*reading{}
	}
	r := s.read[name]
	if r == nil {
		r = &reading{}
		s.read[name] = r
	}
	s.mu.Unlock()
	r.once.Do(func() { r.list, r.err = s.load(name) })
	return r.list, r.err
}

func (s *shelf) load(name string) ([]advisories.Advisory, error) {
	var all []advisories.Advisory
	for _, p := range s.platforms {
		list, err := p.Advisories(name)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	if len(s.platforms) > 1 {
		all = latest(all)
	}
	return all, nil
}

// latest leaves the last of each ID, by ID.
func latest(list []advisories.Advisory) []advisories.Advisory {
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b advisories.Advisory) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(list, func(a, b advisories.Advisory) bool { return a.ID == b.ID })
}

// platform is the shelf of one platform; ok is false where the database has none
// of that name.
func (m *matcher) platform(name string) (s *shelf, ok bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.shelves[name]; ok {
		return s, len(s.platforms) > 0, nil
	}
	p, ok, err := m.db.Platform(name)
	if err != nil {
		return nil, false, err
	}
	s = &shelf{}
	if ok {
		s.platforms = append(s.platforms, p)
	}
	m.shelves[name] = s
	return s, ok, nil
}

// sources is the shelf of all platforms whose name begins with prefix.
func (m *matcher) sources(prefix string) (*shelf, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.shelves[prefix]; ok {
		return s, nil
	}
	platforms, err := m.db.Platforms(prefix)
	if err != nil {
		return nil, err
	}
	s := &shelf{platforms: platforms}
	m.shelves[prefix] = s
	return s, nil
}
