package evaluator

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/race"
)

func bundleOf(t testing.TB, e *Evaluator) []byte {
	t.Helper()
	bundle, err := e.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

func gateWith(t *testing.T, place string) *Evaluator {
	t.Helper()
	e, err := New(t.Context(), Options{Packs: []string{place}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

const ownSettings = `{"additional_checks": ["acme_licence"], "soak": {"minimum": "90m"}, "services": {"payments-api": {"soak": {"minimum": "61m"}}}}`

func TestABundleDecidesAsTheRulesThatWroteIt(t *testing.T) {
	race.SkipSweep(t)
	for name, e := range map[string]*Evaluator{
		"shipped":     shippedRules(t),
		"with a pack": gateWith(t, ownPack(ownSettings).folder(t)),
	} {
		bundle := bundleOf(t, e)
		recorded, err := NewFromBundle(t.Context(), bundle)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if recorded.Policy() != e.Policy() {
			t.Errorf("%s: it says it is %v, written by %v", name, recorded.Policy(), e.Policy())
		}
		for _, s := range someStories(t) {
			want, got := encode(t, replay(t, e, s.document)), encode(t, replay(t, recorded, s.document))
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s: %s (-rules +bundle):\n%s", name, s.name, diff)
			}
		}
		if again := bundleOf(t, recorded); !bytes.Equal(again, bundle) {
			t.Errorf("%s: the bundle of the bundle has other bytes", name)
		}
	}
}

func TestABundleHasTheSameBytesWhereverItsPackLay(t *testing.T) {
	race.SkipSweep(t)
	own := ownPack(ownSettings)
	own["acme/licence_more.rego"] = "package prodgate.v1.checks.acme_licence\n\n_more := 1\n"
	folder := own.folder(t)
	want := bundleOf(t, gateWith(t, folder))
	for name, place := range map[string]string{"another folder": own.folder(t), "a bundle": own.bundle(t)} {
		if !bytes.Equal(bundleOf(t, gateWith(t, place)), want) {
			t.Errorf("from %s it has other bytes", name)
		}
	}
	for _, file := range unpacked(t, want) {
		if strings.Contains(file.name+file.text, filepath.Dir(folder)) {
			t.Errorf("%s tells where the pack lay", file.name)
		}
	}
}

func TestABundleLeavesTestsOutAndIsSmall(t *testing.T) {
	bundle := bundleOf(t, shippedRules(t))
	for _, file := range unpacked(t, bundle) {
		if strings.Contains(file.name, "_test") {
			t.Errorf("%s is in it", file.name)
		}
	}
	if len(bundle) > 80_000 {
		t.Errorf("it has %d bytes", len(bundle))
	}
}

// Who has the blob of a decision needs no prodgate to decide again.
func TestStockOPADecidesByABundle(t *testing.T) {
	race.SkipSweep(t)
	e := gateWith(t, ownPack(`{"additional_checks": ["acme_licence"]}`).folder(t))
	file := filepath.Join(t.TempDir(), "policy.tar.gz")
	if err := os.WriteFile(file, bundleOf(t, e), 0o600); err != nil {
		t.Fatal(err)
	}
	query, err := rego.New(rego.Query("data.prodgate.v1.deploy.decision"), rego.LoadBundle(file)).PrepareForEval(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stock := &stock{query: query}
	for _, s := range someStories(t) {
		if want, got := replay(t, e, s.document).Outcome, stock.outcome(t, s.document); got != string(want) {
			t.Errorf("%s: stock OPA says %v, prodgate %v", s.name, got, want)
		}
	}
}

func TestNothingDecidedByABundleIsEnforced(t *testing.T) {
	recorded, err := NewFromBundle(t.Context(), bundleOf(t, shippedRules(t)))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := facts.Parse("input.json", storyNamed(t, "allow").document)
	if err != nil {
		t.Fatal(err)
	}
	parsed.Document().MarkCollected()
	decision, err := recorded.Evaluate(t.Context(), parsed.Document())
	if err != nil || decision.Mode != ModeDocument {
		t.Errorf("mode %q, error %v", decision.Mode, err)
	}
}

func unpacked(t testing.TB, bundle []byte) []ruleFile {
	t.Helper()
	files, err := unpackBundle(bundle)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// packed writes files as a bundle, with kind as the type of each file.
func archived(t testing.TB, files []ruleFile, kind byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	zipped := gzip.NewWriter(&buffer)
	archive := tar.NewWriter(zipped)
	for _, file := range files {
		header := &tar.Header{Typeflag: kind, Name: file.name, Mode: 0o644}
		if kind == tar.TypeReg {
			header.Size = int64(len(file.text))
		}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if kind == tar.TypeReg {
			if _, err := archive.Write([]byte(file.text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

// edited replaces text in the file of that name, and fails if there is nothing
// to replace.
func edited(t *testing.T, files []ruleFile, name, old, new string) []ruleFile {
	t.Helper()
	for i := range files {
		if files[i].name == name && strings.Contains(files[i].text, old) {
			files[i].text = strings.Replace(files[i].text, old, new, 1)
			return files
		}
	}
	t.Fatalf("no %q in %s", old, name)
	return nil
}

// resealed claims the digest that the files have, as a forger would.
func resealed(t *testing.T, files []ruleFile) []ruleFile {
	t.Helper()
	rules, claimed, err := recordedRules(files)
	if err != nil {
		t.Fatal(err)
	}
	identity, err := rules.identity()
	if err != nil {
		t.Fatal(err)
	}
	return edited(t, files, bundleManifest, claimed.Digest, identity.Digest)
}

func TestAnAlteredBundleIsRejected(t *testing.T) {
	race.SkipSweep(t)
	const soak = "prodgate/v1/checks/soak/soak.rego"
	const licence = "packs/acme_licence/001.rego"
	whole := bundleOf(t, gateWith(t, ownPack(ownSettings).folder(t)))
	for name, tt := range map[string]struct {
		change func(t *testing.T, files []ruleFile) []ruleFile
		want   string
	}{
		"a rule altered": {func(t *testing.T, files []ruleFile) []ruleFile {
			return edited(t, files, soak, "default pass := false", "default pass := true")
		}, "not the recorded policy"},
		"a rule removed": {func(_ *testing.T, files []ruleFile) []ruleFile { return files[:len(files)-2] }, "not the recorded policy"},
		"a rule added": {func(_ *testing.T, files []ruleFile) []ruleFile {
			return append(files, ruleFile{"prodgate/v1/lib/more.rego", "package prodgate.v1.lib.more\n\nx := 1\n"})
		}, "not the recorded policy"},
		"a setting altered": {func(t *testing.T, files []ruleFile) []ruleFile {
			return edited(t, files, bundleData, `"61m"`, `"1m"`)
		}, "not the recorded policy"},
		"another revision": {func(t *testing.T, files []ruleFile) []ruleFile {
			return edited(t, files, bundleManifest, `{"revision":"`, `{"revision":"9`)
		}, "not the recorded policy"},
		"another digest": {func(t *testing.T, files []ruleFile) []ruleFile {
			return edited(t, files, bundleManifest, "sha256:", "sha256:0")
		}, "not the recorded policy"},
		"another version of the rules": {func(t *testing.T, files []ruleFile) []ruleFile {
			return edited(t, files, bundleManifest, `"version":"v1"`, `"version":"v2"`)
		}, `of version "v2"`},
		"no identity": {func(_ *testing.T, files []ruleFile) []ruleFile { return files[1:] }, "does not identify its policy"},
		"no data":     {func(_ *testing.T, files []ruleFile) []ruleFile { return append(files[:1:1], files[2:]...) }, "has no data.json"},
		"data elsewhere": {func(t *testing.T, files []ruleFile) []ruleFile {
			return edited(t, files, bundleData, `{"prodgate":{`, `{"other":1,"prodgate":{`)
		}, "unknown field"},
		"no settings": {func(_ *testing.T, files []ruleFile) []ruleFile {
			files[1].text = `{"prodgate":{"v1":{"settings":{}}}}`
			return files
		}, "no settings"},
		"data twice": {func(_ *testing.T, files []ruleFile) []ruleFile {
			files[1].text += files[1].text
			return files
		}, "after the data"},
		"an unexpected file": {func(_ *testing.T, files []ruleFile) []ruleFile {
			return append(files, ruleFile{"policy.wasm", ""})
		}, "unexpected file"},
		"a test file": {func(_ *testing.T, files []ruleFile) []ruleFile {
			return append(files, ruleFile{"prodgate/v1/lib/x_test.rego", "package x"})
		}, "unexpected file"},
		"a path with ..": {func(_ *testing.T, files []ruleFile) []ruleFile {
			return append(files, ruleFile{"packs/../../x.rego", "package x"})
		}, "not a clean relative path"},
		"a file twice": {func(_ *testing.T, files []ruleFile) []ruleFile { return append(files, files[3]) }, "duplicate file"},
		"a rule that reads the network": {func(t *testing.T, files []ruleFile) []ruleFile {
			return resealed(t, edited(t, files, soak, "default pass := false", "default pass := false\n\n_x := http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1\"})"))
		}, "undefined function http.send"},
		"a rule that reads the clock": {func(t *testing.T, files []ruleFile) []ruleFile {
			return resealed(t, edited(t, files, licence, "default pass := false", "default pass := false\n\n_x := time.now_ns()"))
		}, "undefined function time.now_ns"},
		"a pack in a shipped package": {func(t *testing.T, files []ruleFile) []ruleFile {
			return resealed(t, append(files, ruleFile{"packs/x/001.rego", "package prodgate.v1.deploy\n\nx := 1\n"}))
		}, "is not allowed in a pack"},
		"a rule with a syntax error": {func(t *testing.T, files []ruleFile) []ruleFile {
			return resealed(t, edited(t, files, soak, "package", "packages"))
		}, "parse policy"},
		"an empty rule": {func(t *testing.T, files []ruleFile) []ruleFile {
			return resealed(t, append(files, ruleFile{"prodgate/v1/lib/more.rego", ""}))
		}, "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			files := tt.change(t, unpacked(t, whole))
			_, err := NewFromBundle(t.Context(), archived(t, files, tar.TypeReg))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v; want one with %q", err, tt.want)
			}
		})
	}
}

func TestAMalformedBundleIsRejected(t *testing.T) {
	race.SkipSweep(t)
	whole := bundleOf(t, shippedRules(t))
	bomb := archived(t, []ruleFile{{".manifest", strings.Repeat(" ", maxBundleUnpacked+1)}}, tar.TypeReg)
	for name, tt := range map[string]struct {
		bundle []byte
		want   string
	}{
		"empty":                 {nil, "unpack: EOF"},
		"not gzip":              {[]byte("package x, and more than a header of gzip"), "gzip: invalid header"},
		"cut in half":           {whole[:len(whole)/2], "EOF"},
		"without its last byte": {whole[:len(whole)-1], "EOF"},
		"trailing bytes":        {append(bytes.Clone(whole), "more, as much as a header"...), "gzip: invalid header"},
		"over the size limit":   {make([]byte, maxBundle+1), "at most"},
		"a bomb":                {bomb, "unpacks to over"},
		"a link":                {archived(t, []ruleFile{{".manifest", ""}}, tar.TypeSymlink), "not a regular file"},
		"too many files":        {archived(t, make1000s(), tar.TypeReg), "files"},
		"an empty archive":      {archived(t, nil, tar.TypeReg), "does not identify its policy"},
		"a wrong checksum":      {append(bytes.Clone(whole[:len(whole)-8]), 0, 0, 0, 0, 0, 0, 0, 0), "checksum"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewFromBundle(t.Context(), tt.bundle); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v; want one with %q", err, tt.want)
			}
		})
	}
}

func make1000s() (files []ruleFile) {
	for i := range maxBundleFiles + 1 {
		files = append(files, ruleFile{name: "f" + strings.Repeat("x", i%90) + string(rune('a'+i/90%26)) + string(rune('a'+i/2340))})
	}
	return files
}

// The parser of the archive is tried on raw bytes and on what unpacks to them.
func FuzzNewFromBundle(f *testing.F) {
	e, err := New(context.Background(), organised)
	if err != nil {
		f.Fatal(err)
	}
	whole := bundleOf(f, e)
	f.Add(whole)
	for _, files := range [][]ruleFile{
		nil,
		unpacked(f, whole)[:2],
		{{bundlePacks + "x/001.rego", "package prodgate.v1.checks.acme_x"}},
	} {
		archive := archived(f, files, tar.TypeReg)
		unzipped, err := gzip.NewReader(bytes.NewReader(archive))
		if err != nil {
			f.Fatal(err)
		}
		text, err := io.ReadAll(unzipped)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, bundle []byte) {
		for _, bundle := range [][]byte{bundle, gzipped(t, bundle)} {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			recorded, err := NewFromBundle(ctx, bundle)
			cancel()
			if err != nil {
				continue
			}
			if identity, err := recorded.rules.identity(); err != nil || identity != recorded.Policy() {
				t.Errorf("it says it is %v and is %v, %v", recorded.Policy(), identity, err)
			}
		}
	})
}

func gzipped(t testing.TB, text []byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	zipped := gzip.NewWriter(&buffer)
	_, err := zipped.Write(text)
	if err := errors.Join(err, zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}
