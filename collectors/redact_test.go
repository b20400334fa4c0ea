package collectors

import (
	"strings"
	"testing"
	"unicode"
)

func TestRedactLeavesNoSecret(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"a password in a URL", `Get "https://ci:hunter2@registry.example.com/v2/": refused`, `Get "https://redacted@registry.example.com/v2/": refused`},
		{"a token as the user of a URL", `https://ghp_0123456789abcdef@github.com/x`, `https://redacted@github.com/x`},
		{"an @ in the password", `https://ci:p@ss@host/x`, `https://redacted@host/x`},
		{"a basic authorization header", `Authorization: Basic dXNlcjpodW50ZXIy`, `Authorization: redacted`},
		{"a bearer header in another case", `authorization: bearer abc.def`, `authorization: redacted`},
		{"a proxy's header", `Proxy-Authorization: Basic dXNlcjpodW50ZXIy`, `Proxy-Authorization: redacted`},
		{"a header printed as a Go map", `map[Authorization:[Bearer hunter2hunter2]]`, `map[Authorization:[redacted]]`},
		{"the auth of a docker configuration", `{"auths":{"r.io":{"auth":"dXNlcjpodW50ZXIy"}}}`, `{"auths":{"r.io":{"auth":"redacted"}}}`},
		{"an identity token", `"identitytoken": "hunter2"`, `"identitytoken": "redacted"`},
		{"a token in a query", `https://r.io/x?access_token=hunter2&page=2`, `https://r.io/x?access_token=redacted&page=2`},
		{"a signed URL", `https://s3/x?X-Amz-Signature=hunter2&X-Amz-Credential=a`, `https://s3/x?X-Amz-Signature=redacted&X-Amz-Credential=a`},
		{"a password of a form", `password=hunter2`, `password=redacted`},
		{"a token known by its looks", `bad credentials ghs_16C7e42F292c6912E7710c838347Ae178B4a`, `bad credentials redacted`},
		{"a JSON web token", `token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln rejected`, `token redacted rejected`},
		{"an error without secrets stays", `read "evidence/staging.yaml": there is no such file`, `read "evidence/staging.yaml": there is no such file`},
		{"an image by digest stays", `registry.example.com/app@sha256:0123: not there`, `registry.example.com/app@sha256:0123: not there`},
		{"lines are joined and control characters go", "a\nb\x1b[31mc\u202ed\x00e\tf", "a b [31mc d e f"},
		{"bytes that are no text", "a\xffb", "a�b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := redact(tt.in); got != tt.want {
				t.Errorf("redact(%q)\n got %q\nwant %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestRedactBoundsTheText(t *testing.T) {
	got := redact(strings.Repeat("ä", 5000))
	if len(got) > maxErrorText || !strings.HasSuffix(got, "…") {
		t.Errorf("%d bytes, ending %q", len(got), got[len(got)-8:])
	}
}

// Why an attachment could not be read may quote a registry, and goes into the
// document.
func TestAReasonOfTheScanHoldsNoSecrets(t *testing.T) {
	if got := (Config{}).env("vulnerabilities", "sources.vulnerabilities").Redact("https://user:hunter2@registry.example.com refuses"); strings.Contains(got, "hunter2") {
		t.Errorf("a password in %q", got)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("Authorization: Basic dXNlcjpodW50ZXIy")
	f.Add("https://a:b@c\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		got := redact(text)
		if len(got) > maxErrorText {
			t.Errorf("%d bytes", len(got))
		}
		if strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("a control character in %q", got)
		}
		if got := redact("https://user:hunter2-" + "@host " + text); strings.Contains(got[:min(len(got), 40)], "hunter2") {
			t.Errorf("a password in %q", got)
		}
	})
}
