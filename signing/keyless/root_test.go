package keyless

import (
	"os"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/sigstoretest"
)

func TestInvalidRootsAreErrors(t *testing.T) {
	sigstore := instanceOf(t)
	root := sigstore.Root(t)
	cut := func(key string) []byte {
		return changed(t, root, func(b map[string]any) { delete(b, key) })
	}
	tests := []struct {
		name    string
		content []byte
		want    string
	}{
		{"nothing", nil, "it ends too early"},
		{"half of one", root[:len(root)/2], "it ends too early"},
		{"no JSON", []byte("-----BEGIN CERTIFICATE-----"), "not JSON"},
		{"two", append(append([]byte{}, root...), root...), "contains several values"},
		{"a bundle", sigstore.Sign(t, signed(workflow, issuer)), "unknown field"},
		{"another version", changed(t, root, func(b map[string]any) { b["mediaType"] = "application/vnd.dev.sigstore.trustedroot+json;version=0.9" }), "media type"},
		{"an empty one", []byte("{}"), "media type"},
		{"no authority", cut("certificateAuthorities"), "names no certificate authority"},
		{"no proof of time", sigstore.RootOf(t, sigstoretest.Parts{CertificateLog: true}), "names neither a transparency log nor a timestamp authority"},
		{"too large", append(root, make([]byte, maxRoot)...), "a trusted root has at most 1048576"},
		{"an unknown field", changed(t, root, func(b map[string]any) { b["x"] = 1 }), `unknown field "x"`},
		{"a damaged certificate", changed(t, root, func(b map[string]any) {
			ca := b["certificateAuthorities"].([]any)[0].(map[string]any)
			object(ca, "certChain")["certificates"].([]any)[0].(map[string]any)["rawBytes"] = "AAAA"
		}), "x509: "},
		{"an empty chain", changed(t, root, func(b map[string]any) {
			delete(b["certificateAuthorities"].([]any)[0].(map[string]any), "certChain")
		}), "missing cert chain"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := ParseRoot("root.json", tt.content)
			if err == nil || !strings.HasPrefix(err.Error(), `read trusted root "root.json": `) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v; want %q", r, err, tt.want)
			}
		})
	}
}

func TestARootListsItsParts(t *testing.T) {
	content, err := os.ReadFile(publicRoot)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	last := ""
	for _, p := range rooted(t, content).Parts() {
		counts[p.Kind]++
		if p.From.IsZero() || p.Kind < last {
			t.Errorf("after %s it lists %+v", last, p)
		}
		last = p.Kind
	}
	if counts["certificate authority"] != 2 || counts["certificate log"] != 2 || counts["transparency log"] != 1 {
		t.Errorf("it lists %v", counts)
	}
}

func FuzzParseRoot(f *testing.F) {
	content, err := os.ReadFile(publicRoot)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add(instanceOf(f).Root(f))
	f.Fuzz(func(t *testing.T, content []byte) {
		root, err := ParseRoot("f", content)
		if err != nil {
			return
		}
		if _, err := New(root, []Identity{build}); err != nil {
			t.Errorf("a root was read with which nothing can be verified: %v", err)
		}
		_ = root.Parts()
	})
}
