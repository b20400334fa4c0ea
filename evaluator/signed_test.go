package evaluator

import (
	"context"
	"encoding/json"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/prodgate/prodgate/internal/fixture"
	"github.com/prodgate/prodgate/internal/race"
)

// The stories of fixtures/signed are decided under a pack whose settings require
// signatures.
const signedFolder = "../fixtures/signed"

var signedRules = sync.OnceValues(func() (*Evaluator, error) {
	return New(context.Background(), Options{Packs: []string{filepath.Join(signedFolder, "pack")}})
})

func signedStories(t testing.TB) (*Evaluator, []looserStory) {
	t.Helper()
	e, err := signedRules()
	if err != nil {
		t.Fatal(err)
	}
	read, err := fixture.All(filepath.Join(signedFolder, "cases"))
	if err != nil || len(read) < 6 {
		t.Fatalf("%d stories in %s, %v", len(read), signedFolder, err)
	}
	var all []looserStory
	for _, s := range read {
		all = append(all, looserStory{story{"signed/" + s.Name, s.Document, s.Folder}, replay(t, e, s.Document)})
	}
	return e, all
}

func TestSignedStoriesAreDecidedAsTheySay(t *testing.T) {
	_, all := signedStories(t)
	decidedAsTold(t, all)
}

// Each signature is needed: with another signer, or none, of any one fact the gate
// denies.
func TestEachSignatureIsNeeded(t *testing.T) {
	race.SkipSweep(t)
	e, all := signedStories(t)
	for path, name := range map[string]string{
		"/build/verified_by": "allow-signed", "/staging/verified_by": "allow-signed", "/staging/verification/verified_by": "allow-signed",
		"/approvals/0/verified_by": "allow-signed", "/vulnerabilities/scans/0/inventory_verified_by": "allow-signed-inventory",
	} {
		i := slices.IndexFunc(all, func(s looserStory) bool { return s.name == "signed/"+name })
		for _, value := range []any{missing, nil, "", " ", "somebody", "RELEASE-2026", "release-2026 ", true, 1, []any{"release-2026"}, map[string]any{"a": "release-2026"}} {
			document := patched(t, all[i].document, path, value)
			input, err := Read("input.json", document)
			if err != nil {
				continue // the schema refuses it
			}
			if decision, err := e.Decide(context.Background(), input); err == nil && decision.Outcome == Allow {
				t.Errorf("%s %v: allowed", path, value)
			}
		}
	}
}

// Without its list of signers no story is allowed.
func TestNoSignerCountsWithoutTheSetting(t *testing.T) {
	e, all := signedStories(t)
	for _, path := range [][]string{{"sources", "signers"}, {"sources", "signers", "build"}, {"sources", "signers", "staging"}, {"sources", "signers", "approvals"}} {
		for _, value := range []any{missing, nil, []any{}, map[string]any{}, "release-2026", map[string]any{"build": "release-2026", "staging": "staging-2026", "approvals": "lead-2026"}} {
			changed := withOwnSetting(t, e, path, value)
			for _, s := range all {
				if got := outcomeOf(changed, s.input(t)); got == Allow {
					t.Errorf("%s %v: %s is allowed", strings.Join(path, "."), value, s.name)
				}
			}
		}
	}
}

func TestASettingOfKeysIsChecked(t *testing.T) {
	const pem = "-----BEGIN PUBLIC KEY-----\\nMFkw\\n-----END PUBLIC KEY-----"
	for own, want := range map[string]string{
		`{"signatures": {"keys": {"a": {"public": "` + pem + `", "from": "2026-01-01T00:00:00Z"}}}}`: "",
		`{"services": {"payments-api": {"signatures": {"keys": {"a": {"public": "` + pem + `"}}}}}}`: "",
		`{"signatures": {"keys": []}}`:                                      "signatures.keys must be a table of keys",
		`{"signatures": {"keys": {"a": "x"}}}`:                              "signatures.keys.a must be a table with public",
		`{"signatures": {"keys": {"a": {"public": "x", "person": "Ann"}}}}`: `person is "Ann"; it must be a person as scheme:value`,
		`{"signatures": {"keys": {"A b": {"public": "x"}}}}`:                "must have a name in lower case",
		`{"signatures": {"keys": {"a": {}}}}`:                               "signatures.keys.a has no public",
		`{"signatures": {"keys": {"a": {"public": 1}}}}`:                    "signatures.keys.a.public must be text",
		`{"signatures": {"keys": {"a": {"publik": "x"}}}}`:                  `publik is unknown; a key has public, from, until, person; did you mean "public"?`,
		`{"signatures": {"keys": {"a": {"public": "x", "from": "soon"}}}}`:  "signatures.keys.a.from is \"soon\"",
		`{"signatures": {"identities": {"a": {"root": "r", "subject": "s", "issuer": "i", "until": "2027-01-01T00:00:00Z"}}, "roots": {"r": "{}"}}}`: "",
		`{"signatures": {"identities": {"a": {"root": "r", "subject": "s"}}}}`:                                                                       "signatures.identities.a has no issuer or issuer_pattern",
		`{"signatures": {"identities": {"a": {"root": "r", "subject": "s", "subject_pattern": "s", "issuer": "i"}}}}`:                                "signatures.identities.a has both subject and subject_pattern",
		`{"signatures": {"identities": {"a": {"subject": "s", "issuer": "i"}}}}`:                                                                     "signatures.identities.a has no root",
		`{"signatures": {"roots": {"r": {}}}}`:                                                                                                       "signatures.roots.r must be the text of a trusted root",
		`{"sources": {"signers": {"build": "a"}}}`:                                                                                                   "sources.signers.build must be a list",
		`{"sources": {"signers": {"bild": ["a"]}}}`:                                                                                                  "sources.signers.bild is unknown",
	} {
		_, err := New(context.Background(), Options{Packs: []string{ownPack(own).folder(t)}})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", own, err, want)
		}
	}
}

// patched is a document with another value at a JSON Pointer; missing: without it.
func patched(t *testing.T, document []byte, pointer string, value any) []byte {
	t.Helper()
	var whole any
	if err := json.Unmarshal(document, &whole); err != nil {
		t.Fatal(err)
	}
	at := whole
	keys := strings.Split(pointer, "/")[1:]
	for _, key := range keys[:len(keys)-1] {
		if list, ok := at.([]any); ok {
			n, err := strconv.Atoi(key)
			if err != nil {
				t.Fatal(err)
			}
			at = list[n]
			continue
		}
		at = at.(map[string]any)[key]
	}
	table := at.(map[string]any)
	if last := keys[len(keys)-1]; value == missing {
		delete(table, last)
	} else {
		table[last] = value
	}
	return marshal(t, whole)
}

// withOwnSetting is e with another value in the settings of its pack.
func withOwnSetting(t *testing.T, e *Evaluator, path []string, value any) *Evaluator {
	t.Helper()
	own, err := normalise(e.rules.own) // a copy
	if err != nil {
		t.Fatal(err)
	}
	table := own.(map[string]any)
	for _, key := range path[:len(path)-1] {
		table = table[key].(map[string]any)
	}
	if last := path[len(path)-1]; value == missing {
		delete(table, last)
	} else {
		table[last] = value
	}
	rules := *e.rules
	rules.own = own.(map[string]any)
	changed := &Evaluator{rules: &rules, compiler: e.compiler, query: e.query, policy: e.policy, names: e.names, known: e.known}
	return withSetting(t, changed, []string{"decision", "validity"}, "15m") // as shipped
}

// As TestNoBrokenFactOpensTheGate, for a gate that counts signed facts only.
func TestNoBrokenFactOpensTheSignedGate(t *testing.T) {
	race.SkipSweep(t)
	if testing.Short() {
		t.Skip("decides many thousand times: run it without -short")
	}
	e, all := signedStories(t)
	p := &proof{t: t, e: e}
	for _, entry := range slices.Concat(signedNeedless, signedTrue) {
		p.unused.Store(entry, true)
	}
	work := make(chan looserStory)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for s := range work {
				p.judge(s.story, s.decision, slices.Concat(signedNeedless, needlessFacts), slices.Concat(signedTrue, otherTrueStories), "")
			}
		})
	}
	tried := 0
	for i, s := range all {
		if i > 0 && !*everyStory || s.decision.Outcome == Deny && leftOut(s.name) {
			continue // "make proof" tries all
		}
		tried++
		work <- s
	}
	close(work)
	workers.Wait()
	t.Logf("%d mutants, %d of them allowed for a listed reason", p.tried.Load(), p.excused.Load())
	if tried == len(all) {
		p.findUnused()
	}
}

// signedNeedless are the mutations that leave an allow as it is, in addition to
// needlessFacts.
var signedNeedless = []needless{
	{"signed/allow-signed-next-to-a-statement-that-does-not-count", "/sources/approvals/unverified*", "*", "a statement that does not count is only shown"},
	{"signed/allow-approved-by-a-delegate", "/trail/delegations/0/id|/trail/delegations/0/seq|/trail/delegations/0/reason|/trail/delegations/0/writer|/trail/delegations/0/assurance", "*",
		"for people to read, or to end it; the signature counts, whoever recorded it"},
	{"signed/allow-approved-by-a-delegate", "/trail/delegations/0/from|/trail/delegations/0/until", "move *", "still on the right side of every limit"},
	{"signed/allow-approved-by-a-delegate", "/people/5/roles*", "*", "the role is delegated, so the delegate needs none in the directory"},
}

// signedTrue are the mutations that make a denied story a true one that is allowed, in
// addition to otherTrueStories.
var signedTrue = []needless{
	{"signed/deny-rejected-by-an-unsigned-statement", "/approvals/1", "delete", "nobody rejected"},
	{"signed/deny-rejected-by-an-unsigned-statement", "/approvals/1/approved_at", "move -1d|move -10y", "the approval is later than the rejection and lifts it: nobody signed the rejection"},
	{"signed/deny-rejected-by-an-unsigned-statement", "/approvals/1/digest|/approvals/1/environment|/approvals/1/kind", "swap *", "something else was rejected"},
	{"signed/deny-delegation-by-the-requester", "/request/requested_by", "swap person *", "somebody else requested it"},
	{"signed/deny-ended-delegation", "/trail/delegations/0/ended*", "delete|empty list", "nobody ended it"},
	{"signed/deny-approved-with-the-key-of-another", "/approvals/0/approver", "swap person github:100300", "the holder of the key approved"},
}
