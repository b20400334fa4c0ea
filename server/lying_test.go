package server

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/trail"
)

// between changes the answers of the server: a proxy that lies, or a server that was
// broken into but does not have the key.
func (p *place) between(change func(r *http.Request, answer map[string]any)) {
	p.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		p.server.ServeHTTP(recorder, r)
		var answer map[string]any
		d := json.NewDecoder(recorder.Body)
		d.UseNumber()
		if err := d.Decode(&answer); err != nil {
			p.t.Error(err)
		}
		change(r, answer)
		w.WriteHeader(recorder.Code)
		_ = json.NewEncoder(w).Encode(answer)
	})
}

// on changes the answers to one path.
func (p *place) on(path string, change func(answer map[string]any)) {
	p.between(func(r *http.Request, answer map[string]any) {
		if r.URL.Path == path {
			change(answer)
		}
	})
}

func TestAClientDoesNotBelieveAServerThatLies(t *testing.T) {
	p := start(t)
	l, ctx := p.client(), t.Context()
	const entries = "/v1/entries"
	first := staged()
	if _, err := l.Append(ctx, first, staged(), staged()); err != nil {
		t.Fatal(err)
	}
	leaves := func(answer map[string]any) []any { return answer["leaves"].([]any) }
	replaced := func(leaf any) {
		of := leaf.(map[string]any)
		of["body"] = strings.Replace(of["body"].(string), "1.2.3", "1.2.4", 1)
	}
	list := func(answer map[string]any) []any { return answer["lists"].([]any)[0].([]any) }
	view := func() error {
		v, err := l.View(ctx)
		if err != nil {
			return err
		}
		defer v.Close()
		_, _, err = v.Entries(ctx, trail.ByServiceType("payments-api", trail.TypeStagingDeployed), 100)
		return err
	}
	some := func() error {
		v, err := l.View(ctx)
		if err != nil {
			return err
		}
		defer v.Close()
		_, complete, err := v.Entries(ctx, trail.ByServiceType("payments-api", trail.TypeStagingDeployed), 2)
		if complete {
			t.Error("a list that was cut off is called complete")
		}
		return err
	}
	read := func() error {
		for _, err := range l.Entries(ctx, trail.Filter{Service: "payments-api"}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	whole := func() error {
		r, err := l.Read(ctx)
		if err != nil {
			return err
		}
		for _, err := range r.Entries(ctx) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	since := func() error {
		v, err := l.View(ctx)
		if err != nil {
			return err
		}
		defer v.Close()
		_, _, err = v.First(ctx)
		return err
	}
	began := func() error { _, err := l.Began(ctx); return err }
	one := func() error { _, err := l.Entry(ctx, first.ID); return err }
	receipt := func() error { _, err := l.Receipt(ctx, 1); return err }
	write := func() error { _, err := l.Append(ctx, staged()); return err }
	for name, c := range map[string]struct {
		path   string
		change func(answer map[string]any)
		do     func() error
		want   string
	}{
		"an entry left out of a key": {"/v1/find", func(a map[string]any) { a["lists"] = []any{list(a)[1:]} }, view, "entries are missing or were altered"},
		"no entries of a key":        {"/v1/find", func(a map[string]any) { a["lists"] = []any{[]any{}} }, view, "entries are missing"},
		"no lists":                   {"/v1/find", func(a map[string]any) { a["lists"] = nil }, view, "with 0 lists"},
		"no chains":                  {"/v1/find", func(a map[string]any) { a["chains"], a["lists"] = nil, []any{[]any{}} }, view, "the chains of its entries are not those that were signed"},
		"an entry of a key altered":  {"/v1/find", func(a map[string]any) { replaced(list(a)[0]) }, view, "missing or were altered"},
		"an entry twice":             {"/v1/find", func(a map[string]any) { a["lists"] = []any{append(list(a), list(a)[0])} }, view, "not in the order of the log"},
		"too few of too many":        {"/v1/find", func(a map[string]any) { a["lists"] = []any{list(a)[1:]} }, some, "with 1 entries"},
		"one of too many altered":    {"/v1/find", func(a map[string]any) { replaced(list(a)[0]) }, some, "is not the one that was signed"},
		"an entry altered":           {entries, func(a map[string]any) { replaced(leaves(a)[0]) }, read, "is not the one that was signed"},
		"an entry without its proof": {entries, func(a map[string]any) { leaves(a)[0].(map[string]any)["proof"] = nil }, read, "is not the one that was signed"},
		"another entry's number":     {entries, func(a map[string]any) { leaves(a)[0].(map[string]any)["seq"] = 7 }, read, "is not among the"},
		"entries out of order":       {entries, func(a map[string]any) { l := leaves(a); l[0], l[1] = l[1], l[0] }, read, "was not asked for"},
		"fewer entries in all":       {entries, func(a map[string]any) { a["leaves"] = leaves(a)[:1] }, whole, "was altered"},
		"an altered log":             {entries, func(a map[string]any) { replaced(leaves(a)[0]) }, whole, "was altered"},
		"no first entry":             {entries, func(a map[string]any) { a["leaves"] = nil }, since, "withholds the first entry"},
		"no beginning":               {entries, func(a map[string]any) { a["leaves"] = nil }, began, "withholds the first entry"},
		"another entry":              {entries + "/" + first.ID, func(a map[string]any) { replaced(leaves(a)[0]) }, one, "is not the one that was signed"},
		"no entry":                   {entries + "/" + first.ID, func(a map[string]any) { a["leaves"] = nil }, one, "with 0 entries"},
		"another receipt":            {entries, func(a map[string]any) { leaves(a)[0].(map[string]any)["seq"] = 2 }, receipt, "entry 2"},
		"a receipt of another":       {entries, func(a map[string]any) { a["receipts"].([]any)[0].(map[string]any)["id"] = first.ID }, write, "is of another entry"},
		"no receipt":                 {entries, func(a map[string]any) { a["receipts"] = nil }, write, "with 0 receipts"},
		"another event recorded":     {entries, func(a map[string]any) { replaced(leaves(a)[0]) }, write, "is of another entry"},
		"an unsigned checkpoint":     {"/v1/checkpoint", func(a map[string]any) { a["checkpoint"] = "prodgate.dev/trail/x\n0\nAAAA\n" }, view, "the pinned key did not sign"},
		"no proof of extension":      {entries, func(a map[string]any) { a["consistency"] = nil }, write, "do not extend"},
		"an answer of another shape": {"/v1/find", func(a map[string]any) { a["chains"] = "x" }, view, "decode the answer"},
	} {
		p.on(c.path, c.change)
		err := c.do()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
		p.handler = nil
		if err := view(); err != nil {
			t.Fatalf("after %s: %v", name, err)
		}
	}
}

// An answer that was right before is replayed: by a cache, or to hide what was recorded
// since.
func TestAnOlderAnswerIsNotBelieved(t *testing.T) {
	p := start(t)
	l, ctx := p.client(), t.Context()
	if _, err := l.Append(ctx, staged()); err != nil {
		t.Fatal(err)
	}
	var kept []byte
	p.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		p.server.ServeHTTP(recorder, r)
		kept = bytes.Clone(recorder.Body.Bytes())
		_, _ = w.Write(kept)
	})
	if _, err := l.View(ctx); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir()) // a new machine, which has seen nothing
	p.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(kept) })
	if _, err := trail.Open(ctx, p.address, p.options(p.token(nil))); err == nil || !strings.Contains(err.Error(), "was not made for this request") {
		t.Errorf("%v", err)
	}
}

// A server whose trail was restored from a backup has the key, and an older log.
func TestAnOlderCopyOfTheTrailIsSeenByWhoSawMore(t *testing.T) {
	p := start(t)
	l, ctx := p.client(), t.Context()
	if _, err := l.Append(ctx, staged()); err != nil {
		t.Fatal(err)
	}
	older := filepath.Join(t.TempDir(), "T.db")
	db, err := sql.Open("sqlite", p.file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", older); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(p.file + ".key")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(older+".key", key, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(ctx, staged()); err != nil {
		t.Fatal(err)
	}
	if p.server.log, err = trail.Open(ctx, older, trail.Options{}); err != nil {
		t.Fatal(err)
	}
	defer p.server.log.Close()
	if _, err := l.View(ctx); err == nil || !strings.Contains(err.Error(), "it is an older copy") {
		t.Errorf("the same program: %v", err)
	}
	if _, err := trail.Open(ctx, p.address, p.options(p.token(nil))); err == nil || !strings.Contains(err.Error(), "it is an older copy") {
		t.Errorf("the next program on this machine: %v", err)
	}
	// It goes on from the older copy, until it is as long as what was seen.
	if _, err := p.server.log.Append(ctx, staged(), staged()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.View(ctx); err == nil || !strings.Contains(err.Error(), "the log was rewritten") {
		t.Errorf("a log that went on: %v", err)
	}
}

func TestAnotherKeyIsAnotherTrail(t *testing.T) {
	p, other := start(t), start(t)
	o := p.options(p.token(nil))
	o.Key = other.key
	if _, err := trail.Open(t.Context(), p.address, o); err == nil || !strings.Contains(err.Error(), "the pinned key did not sign") {
		t.Errorf("%v", err)
	}
	for key, want := range map[string]string{"": "is not pinned", "prodgate.dev/trail/x+1+y": "is invalid", "missing.pub": "read the public key"} {
		o.Key = key
		if _, err := trail.Open(t.Context(), p.address, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("key %q: %v; want %q", key, err, want)
		}
	}
}

func TestAConnectionThatIsCutAfterTheCommitIsRetriedAsTheSameEvent(t *testing.T) {
	p := start(t)
	l, ctx := p.client(), t.Context()
	cut := 0
	p.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		p.server.ServeHTTP(recorder, r)
		if cut++; cut == 1 {
			panic(http.ErrAbortHandler) // recorded, and not answered
		}
		_, _ = w.Write(recorder.Body.Bytes())
	})
	if _, err := l.Append(ctx, staged()); err != nil || cut != 2 {
		t.Errorf("%d tries, %v; want the receipt with the second", cut, err)
	}
	cut = 0
	p.handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cut++; panic(http.ErrAbortHandler) })
	if _, err := l.Append(ctx, staged()); err == nil || !strings.Contains(err.Error(), "start the server or fix the connection") {
		t.Errorf("a server that never answers: %v", err)
	}
	if size, err := p.local.Size(ctx); err != nil || size != 1 {
		t.Errorf("%d entries, %v; want one", size, err)
	}
}

func TestAnExpiredTokenIsReplacedOnce(t *testing.T) {
	p := start(t)
	o := p.options("")
	asked := 0
	tokens := []string{p.token(map[string]any{"exp": 1}), p.token(nil)}
	o.Token = func(context.Context) (string, error) { asked++; return tokens[min(asked, 2)-1], nil }
	l, err := trail.Open(t.Context(), p.address, o)
	if err != nil || asked != 2 {
		t.Fatalf("%d tokens, %v", asked, err)
	}
	l.Close()
	asked, tokens[1] = 0, tokens[0]
	if _, err := trail.Open(t.Context(), p.address, o); err == nil || asked != 2 || !strings.Contains(err.Error(), "the token expired at") || strings.Contains(err.Error(), tokens[0]) {
		t.Errorf("%d tokens, %v; want the reason, without the token", asked, err)
	}
	o.Token = func(context.Context) (string, error) { return "", errors.New("no token today") }
	if _, err := trail.Open(t.Context(), p.address, o); err == nil || !strings.Contains(err.Error(), "no token today") {
		t.Error(err)
	}
}

// FuzzAppend sends bytes that no client made: whatever is answered, the trail holds only
// steps that are valid and that the writer may write.
func FuzzAppend(f *testing.F) {
	p := start(f)
	token := p.token(nil)
	good, err := json.Marshal(map[string]any{"events": []trail.Event{staged(), decision()}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"events":[{"id":"","type":"gate.evaluated"}]}`))
	f.Add([]byte(`{"events":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		before, err := p.local.Size(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r, request := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/entries", bytes.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+token)
		p.server.rates = newRates(1<<30, time.Now)
		p.server.ServeHTTP(r, request)
		if answer, _ := io.ReadAll(r.Body); r.Code == http.StatusInternalServerError || !json.Valid(answer) {
			t.Errorf("answered %d: %s", r.Code, answer)
		}
		for e, err := range p.local.Entries(t.Context(), trail.Filter{From: before}) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Service != "payments-api" || e.Writer.Assurance != trail.AssuranceOIDC && e.Writer.Assurance != trail.AssuranceClaimed || e.Check() != nil {
				t.Errorf("recorded %s", e.Body)
			}
		}
	})
}

// FuzzFilter reads parameters that no client wrote.
func FuzzFilter(f *testing.F) {
	p := start(f)
	f.Add("from=1&end=2&limit=3&service=x&type=a&type=b&since=2026-01-01T00:00:00Z&newest=1&proven=1&seen=0")
	f.Add("from=-1")
	f.Fuzz(func(t *testing.T, query string) {
		r, request := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/entries", nil)
		request.URL.RawQuery = query
		request.Header.Set("Authorization", "Bearer "+secret)
		p.server.rates = newRates(1<<30, time.Now)
		p.server.ServeHTTP(r, request)
		if r.Code == http.StatusInternalServerError {
			t.Errorf("%q: answered %d: %s", query, r.Code, r.Body)
		}
	})
}

// FuzzAnswer answers a question with bytes that no server made. The client returns the
// entries that are signed, or an error.
func FuzzAnswer(f *testing.F) {
	p := start(f)
	ctx := f.Context()
	if _, err := p.local.Append(ctx, staged(), staged()); err != nil {
		f.Fatal(err)
	}
	l, err := trail.Open(ctx, p.address, p.options(secret))
	if err != nil {
		f.Fatal(err)
	}
	v, err := l.View(ctx)
	if err != nil {
		f.Fatal(err)
	}
	key := trail.ByServiceType("payments-api", trail.TypeStagingDeployed)
	honest, _, err := v.Entries(ctx, key, 10)
	if err != nil || len(honest) != 2 {
		f.Fatal(honest, err)
	}
	question, err := json.Marshal(trail.Question{Keys: []trail.WireKey{{By: "service", First: "payments-api", Second: trail.TypeStagingDeployed}}, Most: 10})
	if err != nil {
		f.Fatal(err)
	}
	r, request := httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodPost, "/v1/find", bytes.NewReader(question))
	request.Header.Set("Authorization", "Bearer "+secret)
	p.server.ServeHTTP(r, request)
	f.Add(r.Body.Bytes())
	f.Add([]byte(`{"checkpoint":"x","chains":{"0":""},"lists":[[{"seq":-1,"body":"{}"}]]}`))
	var answer []byte
	p.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var found map[string]any
		if json.Unmarshal(answer, &found) != nil || found == nil {
			_, _ = w.Write(answer)
			return
		}
		head, err := p.local.Head(r.Context(), trail.Asked{Nonce: r.URL.Query().Get("nonce")})
		if err != nil {
			f.Error(err)
		}
		found["checkpoint"], found["fresh"] = head.Checkpoint, head.Fresh // so that the rest is looked at
		_ = json.NewEncoder(w).Encode(found)
	})
	f.Fuzz(func(t *testing.T, body []byte) {
		answer = body
		list, complete, err := v.Entries(t.Context(), key, 10)
		if err == nil && (!complete || len(list) != 2 || !bytes.Equal(list[0].Body, honest[0].Body) || !bytes.Equal(list[1].Body, honest[1].Body)) {
			t.Errorf("accepted %s", body)
		}
	})
}
