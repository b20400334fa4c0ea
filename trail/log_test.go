package trail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var began = time.Date(2026, 11, 24, 16, 20, 0, 0, time.UTC)

const someDigest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// event is a step with all fields.
func event(change ...func(*Event)) Event {
	e := Event{
		ID: NewID(), Type: TypeGateEvaluated, OccurredAt: began,
		Service: "payments-api", Environment: "production", Artifact: "registry.example.com/acme/payments-api", Digest: someDigest,
		Request: "r-1", Deployment: "d-1", Run: "https://ci.example.com/runs/1",
		Writer: Writer{Subject: "repo:acme/payments-api", Issuer: "https://ci.example.com", Assurance: AssuranceCI},
		Mode:   "enforce", Now: began.Add(-time.Second),
		Data: decided(""),
		Blobs: map[string]Blob{
			BlobInput:  {MediaType: "application/json", Content: []byte(`{"a":1}`)},
			BlobPolicy: {MediaType: "application/vnd.prodgate.policy", Content: []byte("package p")},
		},
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

// decided are the data of a decision, with more members.
func decided(more string) json.RawMessage {
	return json.RawMessage(`{"exit_code":0,"input_digest":"` + someDigest + `","kind":"promotion","outcome":"allow","policy":{"digest":"` + someDigest + `"}` + more + `}`)
}

// plain is a step without service, environment, artifact and blobs.
func plain() Event {
	return Event{
		ID: NewID(), Type: TypeFreezeDeclared, OccurredAt: began, Writer: Writer{Subject: "user:jane", Assurance: AssuranceUser},
		Data: json.RawMessage(`{"incident":"INC-7","reason":"INC-7","ticket":"INC-7"}`),
	}
}

// engines are where the suite runs: SQLite, and PostgreSQL where there is one.
func engines(t *testing.T, test func(t *testing.T, location string, options Options)) {
	t.Run("SQLite", func(t *testing.T) {
		test(t, filepath.Join(t.TempDir(), "T.db"), Options{})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		location, key := postgres(t)
		test(t, location, Options{Key: key})
	})
}

func open(t *testing.T, location string, options Options) *Log {
	t.Helper()
	l, err := Open(t.Context(), location, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func add(t *testing.T, l *Log, events ...Event) []Receipt {
	t.Helper()
	receipts, err := l.Append(t.Context(), events...)
	if err != nil {
		t.Fatal(err)
	}
	if len(receipts) != len(events) {
		t.Fatalf("%d receipts for %d events", len(receipts), len(events))
	}
	return receipts
}

func list(t *testing.T, l *Log, filter Filter) []Entry {
	t.Helper()
	var entries []Entry
	for e, err := range l.Entries(t.Context(), filter) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return entries
}

func seqs(entries []Entry) []int64 {
	numbers := []int64{}
	for _, e := range entries {
		numbers = append(numbers, e.Seq)
	}
	return numbers
}

func same(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func TestWhatIsAppendedIsThereAsItWas(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		e := event()
		e.Blobs["empty"] = Blob{MediaType: "text/plain"}
		r := add(t, l, e, plain())
		got, err := l.Entry(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := e
		want.Blobs = nil
		if !same(got.Event, want) {
			t.Errorf("got  %+v\nwant %+v", got.Event, want)
		}
		if got.Seq != 0 || got.LeafHash != r[0].LeafHash || !got.RecordedAt.Equal(r[0].RecordedAt) || r[1].Seq != 1 {
			t.Errorf("entry %+v does not go with receipts %+v", got, r)
		}
		for _, r := range r {
			if err := r.Verify(l.verifier); err != nil {
				t.Error(err)
			}
			if again, err := l.Receipt(t.Context(), r.Seq); err != nil || !same(again, r) {
				t.Errorf("the receipt of now is %+v, %v; want %+v", again, err, r)
			}
		}
		for role, b := range e.Blobs {
			if content, err := l.Blob(t.Context(), got.Refs[role]); err != nil || string(content) != string(b.Content) {
				t.Errorf("blob %s is %q, %v", role, content, err)
			}
		}
		if at, err := l.Began(t.Context()); err != nil || !at.Equal(got.RecordedAt) {
			t.Errorf("the log began at %v, %v", at, err)
		}
		if _, err := l.Entry(t.Context(), NewID()); !errors.Is(err, ErrNotFound) {
			t.Errorf("an entry that is not there: %v", err)
		}
		if _, err := l.Receipt(t.Context(), 2); !errors.Is(err, ErrNotFound) {
			t.Errorf("a receipt of nothing: %v", err)
		}
		if _, err := l.Blob(t.Context(), BlobRef{Digest: someDigest}); !errors.Is(err, ErrNotFound) {
			t.Errorf("a blob that is not there: %v", err)
		}
	})
}

func TestARetryGetsTheFirstReceiptAndAnotherEventAConflict(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		e := event()
		first := add(t, l, e)
		add(t, l, plain(), plain())
		if again := add(t, l, e); !same(again, first) {
			t.Errorf("a retry got %+v, the first time %+v", again, first)
		}
		if again := add(t, open(t, location, options), e, plain(), e); !same(again[0], first[0]) || !same(again[2], first[0]) || again[1].Seq != 3 {
			t.Errorf("a retry among others got %+v, the first time %+v", again, first)
		}
		for name, change := range map[string]func(*Event){
			"type":        func(e *Event) { e.Type, e.Mode = TypeGateSimulated, "simulate" },
			"service":     func(e *Event) { e.Service = "other" },
			"now":         func(e *Event) { e.Now = e.Now.Add(1) },
			"occurred at": func(e *Event) { e.OccurredAt = e.OccurredAt.Add(1) },
			"data":        func(e *Event) { e.Data = decided(`,"prodgate":"2"`) },
			"fewer blobs": func(e *Event) { e.Blobs = map[string]Blob{BlobInput: e.Blobs[BlobInput]} },
			"other blob": func(e *Event) {
				e.Blobs = map[string]Blob{BlobInput: {MediaType: "application/json", Content: []byte(`{"a":2}`)}, BlobPolicy: e.Blobs[BlobPolicy]}
			},
			"other media": func(e *Event) {
				e.Blobs = map[string]Blob{BlobInput: {MediaType: "text/plain", Content: []byte(`{"a":1}`)}, BlobPolicy: e.Blobs[BlobPolicy]}
			},
		} {
			other := event(change)
			other.ID = e.ID
			fresh := plain()
			if _, err := l.Append(t.Context(), fresh, other); !errors.Is(err, ErrConflict) {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := l.Entry(t.Context(), fresh.ID); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: what was appended with a conflict is there: %v", name, err)
			}
		}
		if n := len(list(t, l, Filter{})); n != 4 {
			t.Errorf("%d entries, want 4", n)
		}
	})
}

func TestSameEventTwiceInOneAppendIsOneEntry(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		e := event()
		r := add(t, l, e, e)
		if !same(r[0], r[1]) || len(list(t, l, Filter{})) != 1 {
			t.Errorf("two receipts: %+v", r)
		}
		a, b := event(), event(func(e *Event) { e.Service = "b" })
		b.ID = a.ID
		if _, err := l.Append(t.Context(), a, b); !errors.Is(err, ErrConflict) {
			t.Errorf("another event with the same id in one append: %v", err)
		}
		if n := len(list(t, l, Filter{})); n != 1 {
			t.Errorf("%d entries, want 1", n)
		}
	})
}

func TestManyAppendAtOnceThroughSeveralHandles(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		handles := []*Log{open(t, location, options), open(t, location, options)}
		const writers, each = 16, 8
		receipts := make([][]Receipt, writers)
		var group sync.WaitGroup
		for w := range writers {
			group.Go(func() {
				for range each {
					r, err := handles[w%len(handles)].Append(context.Background(), event(), plain())
					if err != nil {
						t.Error(err)
						return
					}
					receipts[w] = append(receipts[w], r...)
				}
			})
		}
		group.Wait()
		entries := list(t, handles[0], Filter{})
		if len(entries) != 2*writers*each {
			t.Fatalf("%d entries, want %d", len(entries), 2*writers*each)
		}
		for _, r := range slices.Concat(receipts...) {
			if err := r.Verify(handles[0].verifier); err != nil {
				t.Error(err)
			}
			if entries[r.Seq].ID != r.ID || entries[r.Seq].LeafHash != r.LeafHash {
				t.Errorf("entry %d is %s, the receipt is of %s", r.Seq, entries[r.Seq].ID, r.ID)
			}
		}
	})
}

func TestFiltersFindWhatTheySay(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		clock := began
		options.Clock = func() time.Time { return clock }
		l := open(t, location, options)
		for i := range 600 {
			clock = began.Add(time.Duration(i) * time.Second)
			e := plain()
			e.Service = fmt.Sprintf("s%d", i%3)
			e.Environment = "production"
			if i%2 == 0 {
				e.Environment = "staging"
			}
			switch i {
			case 5, 500:
				e.Digest, e.Artifact = someDigest, "r"
			case 7:
				e.Deployment, e.Type, e.Digest = "d-7", TypeDeployLive, "sha256:"+strings.Repeat("b", 64)
			}
			if i < 10 || i > 590 {
				add(t, l, e)
			} else if i%5 == 0 {
				add(t, l, e, e)
			} else {
				add(t, l, e)
			}
		}
		for _, c := range []struct {
			name   string
			filter Filter
			count  int
			first  int64
		}{
			{"all", Filter{}, 600, 0},
			{"newest first", Filter{NewestFirst: true}, 600, 599},
			{"limit", Filter{Limit: 300}, 300, 0},
			{"newest first, limit", Filter{NewestFirst: true, Limit: 2}, 2, 599},
			{"from", Filter{From: 590}, 10, 590},
			{"from, newest first", Filter{From: 590, NewestFirst: true}, 10, 599},
			{"service", Filter{Service: "s1"}, 200, 1},
			{"service, environment", Filter{Service: "s1", Environment: "staging"}, 100, 4},
			{"digest", Filter{Digest: someDigest}, 2, 5},
			{"digest, newest first", Filter{Digest: someDigest, NewestFirst: true, Limit: 1}, 1, 500},
			{"deployment", Filter{Deployment: "d-7"}, 1, 7},
			{"types", Filter{Types: []string{TypeDeployLive, TypeDeployFailed}}, 1, 7},
			{"since", Filter{Since: began.Add(595 * time.Second)}, 5, 595},
			{"just after", Filter{Since: began.Add(595*time.Second + 1)}, 4, 596},
			{"until", Filter{Until: began.Add(5 * time.Second)}, 5, 0},
			{"just until", Filter{Until: began.Add(5*time.Second + 1)}, 6, 0},
			{"nothing", Filter{Service: "s9"}, 0, -1},
		} {
			got := seqs(list(t, l, c.filter))
			ordered := slices.IsSorted(got)
			if c.filter.NewestFirst {
				slices.Reverse(got)
				ordered = slices.IsSorted(got)
				slices.Reverse(got)
			}
			if len(got) != c.count || c.count > 0 && got[0] != c.first || !ordered {
				t.Errorf("%s: %d entries %v, want %d from %d", c.name, len(got), got, c.count, c.first)
			}
		}
	})
}

func TestAClockThatGoesBackIsRecordedNotObeyed(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		clock := began
		options.Clock = func() time.Time { return clock }
		l := open(t, location, options)
		for _, back := range []time.Duration{0, time.Hour, 10 * 365 * 24 * time.Hour, 0} {
			clock = began.Add(-back)
			add(t, l, plain())
		}
		var regressed []bool
		for i, e := range list(t, l, Filter{}) {
			if e.Seq != int64(i) {
				t.Errorf("entry %d stands at %d", i, e.Seq)
			}
			regressed = append(regressed, e.ClockRegressed)
		}
		if !slices.Equal(regressed, []bool{false, true, true, false}) {
			t.Errorf("the clock went back at %v", regressed)
		}
	})
}

func TestWhatCannotBeRecordedIsRefusedWithItsReason(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "T.db"), Options{})
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	for name, c := range map[string]struct {
		change func(*Event)
		want   string
	}{
		"no id":            {func(e *Event) { e.ID = "" }, "not a UUIDv7"},
		"another version":  {func(e *Event) { e.ID = "9b2f3a52-8a1f-4f0e-9d7c-0d7f3b1c2a11" }, "not a UUIDv7"},
		"upper case id":    {func(e *Event) { e.ID = strings.ToUpper(NewID()) }, "not a UUIDv7"},
		"no type":          {func(e *Event) { e.Type = "" }, "use one of gate.requested"},
		"misspelt type":    {func(e *Event) { e.Type = "deploy.lvie" }, `did you mean "deploy.live"`},
		"erasure":          {func(e *Event) { e.Type = TypeBlobErased }, "recorded by Erase and Prune only"},
		"no writer":        {func(e *Event) { e.Writer.Subject = "" }, "writer.subject is missing"},
		"assurance":        {func(e *Event) { e.Writer.Assurance = "sure" }, "must be claimed, user, ci, webhook or oidc"},
		"mode":             {func(e *Event) { e.Mode = "real" }, "must be enforce, document or simulate"},
		"no time":          {func(e *Event) { e.OccurredAt = time.Time{} }, "occurred_at is missing"},
		"year 10000":       {func(e *Event) { e.Now = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "years 1 to 9999"},
		"digest":           {func(e *Event) { e.Digest = "sha256:AA" }, "64 lower-case hexadecimal"},
		"long service":     {func(e *Event) { e.Service = strings.Repeat("s", 256) }, "256 bytes, more than 255"},
		"NUL":              {func(e *Event) { e.Run = "a\x00b" }, "NUL"},
		"not UTF-8":        {func(e *Event) { e.Run = "a\xffb" }, "not UTF-8"},
		"data no object":   {func(e *Event) { e.Data = json.RawMessage(`[1]`) }, "not an object"},
		"data no JSON":     {func(e *Event) { e.Data = json.RawMessage(`{"a"`) }, "not JSON"},
		"data twice":       {func(e *Event) { e.Data = json.RawMessage(`{"a":1,"a":2}`) }, "\"a\" is there twice"},
		"data NUL":         {func(e *Event) { e.Data = json.RawMessage(`{"a":"\u0000"}`) }, "NUL"},
		"data half a pair": {func(e *Event) { e.Data = decided(`,"a":"\ud800"`) }, "canonical"},
		"data large":       {func(e *Event) { e.Data = json.RawMessage(`{"a":12345678901234567890}`) }, "too large to be kept exactly"},
		"data huge":        {func(e *Event) { e.Data = json.RawMessage(`{"a":1e400}`) }, "too large to be kept exactly"},
		"data long":        {func(e *Event) { e.Data = decided(`,"a":"` + strings.Repeat("x", 65000) + `"`) }, "more than the 65535 of an entry"},
		"data deep":        {func(e *Event) { e.Data = json.RawMessage(`{"a":` + deep + `}`) }, "nested deeper"},
		"blob without type": {func(e *Event) { e.Blobs = map[string]Blob{"x": {Content: []byte("x")}} },
			"media type"},
		"large blob": {func(e *Event) {
			e.Blobs = map[string]Blob{"x": {MediaType: "x", Content: make([]byte, maxBlob+1)}}
		}, "more than"},
	} {
		_, err := l.Append(t.Context(), event(c.change))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
	if n := len(list(t, l, Filter{})); n != 0 {
		t.Errorf("%d entries, want none", n)
	}
}

func TestALogThatIsNotThereIsNotRead(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		options.ReadOnly = true
		if _, err := Open(t.Context(), location, options); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("reading a log that is not there: %v", err)
		}
	})
}

func TestALogOpenedToBeReadIsNotWritten(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		add(t, l, plain())
		options.ReadOnly = true
		r := open(t, location, options)
		if n := len(list(t, r, Filter{})); n != 1 {
			t.Errorf("%d entries, want 1", n)
		}
		if _, err := r.Append(t.Context(), plain()); err == nil || !strings.Contains(err.Error(), "opened to be read") {
			t.Errorf("append: %v", err)
		}
	})
}

func TestAPolicyIsStoredOnce(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		add(t, l, event(), event())
		add(t, l, event())
		policies, inputs := map[string]bool{}, map[string]bool{}
		for _, e := range list(t, l, Filter{}) {
			policies[e.Refs[BlobPolicy].Digest] = true
			inputs[e.Refs[BlobInput].Digest] = true
		}
		if len(policies) != 1 || len(inputs) != 3 {
			t.Errorf("%d policies and %d inputs, want 1 and 3", len(policies), len(inputs))
		}
	})
}

// What is asked of a large log is found by an index, in the order of the log:
// nothing is sorted that was not asked for.
func TestEachQuestionHasItsIndex(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "T.db"), Options{})
	add(t, l, event())
	for _, c := range []struct {
		filter Filter
		index  string
	}{
		{Filter{Digest: someDigest}, "entries_digest"},
		{Filter{Digest: someDigest, Service: "s", Environment: "e", Types: []string{"t"}}, "entries_digest"},
		{Filter{Deployment: "d"}, "entries_deployment"},
		{Filter{Service: "s", Environment: "e", NewestFirst: true}, "entries_service"},
		{Filter{Service: "s", NewestFirst: true}, "entries_service"},
		{Filter{Service: "s", Environment: "e", Types: []string{"t"}}, "entries_service_type"},
		{Filter{Service: "s", Types: []string{"t", "u"}}, "entries_service"},
		{Filter{Types: []string{"t"}, NewestFirst: true}, "entries_type"},
		{Filter{NewestFirst: true}, "PRIMARY KEY"},
	} {
		query, args := c.filter.query(0, 1, 10, l.store.engine.minor())
		rows, err := l.store.db.Query("EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		var plan strings.Builder
		for rows.Next() {
			var id, parent, x int
			var step string
			if err := rows.Scan(&id, &parent, &x, &step); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&plan, step)
		}
		rows.Close()
		if got := plan.String(); !strings.Contains(got, c.index+" ") || strings.Contains(got, "TEMP B-TREE") {
			t.Errorf("%+v:\n%s", c.filter, got)
		}
	}
}
