package registry

import (
	"strings"
	"testing"
)

const zeros = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

func TestParseTakesAReferenceApart(t *testing.T) {
	tests := []struct{ text, repository, tag, digest string }{
		{"localhost:5000/team/app:7a3f9c2", "localhost:5000/team/app", "7a3f9c2", ""},
		{"localhost:5000/team/app@" + zeros, "localhost:5000/team/app", "", zeros},
		{"localhost:5000/team/app:v1@" + zeros, "localhost:5000/team/app", "v1", zeros},
		{"registry.example.com/app", "registry.example.com/app", "latest", ""},
		{"app:v1", "index.docker.io/library/app", "v1", ""},
		{"oci:dir", "oci:dir", "", ""},
		{"oci:/a/b:v1", "oci:/a/b", "v1", ""},
		{"oci:a@" + zeros, "oci:a", "", zeros},
		{"oci:a:v1@" + zeros, "oci:a", "v1", zeros},
		{"tarball:a/b.tar", "tarball:a/b.tar", "", ""},
	}
	for _, tt := range tests {
		got, err := Parse(tt.text, Options{})
		if err != nil || got.Repository != tt.repository || got.Tag != tt.tag || got.Digest != tt.digest {
			t.Errorf("Parse(%q) = %q %q %q, %v", tt.text, got.Repository, got.Tag, got.Digest, err)
		}
	}
}

func TestParseRejectsInvalidReferences(t *testing.T) {
	for _, text := range []string{
		"", " ", "a b", "app:", "app:a/b:c d", "app@sha256:abc", "app@" + strings.ToUpper(zeros), "app@sha512:" + strings.Repeat("0", 128),
		"oci:", "oci:@" + zeros, "oci:dir:", "oci:dir:-x", "tarball:", "HTTP://x", "https://registry.example.com/app:v1",
		"UPPER/Case:v1", "app:\x00", "app\nx", "a@" + zeros + "@" + zeros, strings.Repeat("a", 2000), "app:" + strings.Repeat("a", 129),
	} {
		if got, err := Parse(text, Options{}); err == nil {
			t.Errorf("Parse(%q) = %+v", text, got)
		}
	}
}

func TestAnErrorNamesWhatIsWrongWithAReference(t *testing.T) {
	for text, want := range map[string]string{
		"app:":                              `the tag must be 1 to 128 letters, digits, "_", "." and "-", and begin with neither "." nor "-"; it is ""`,
		"app:-x":                            `it is "-x"`,
		"r.example.com/app@sha256:abc":      `the digest must be sha256: and 64 lower-case hex digits, not "sha256:abc"`,
		"app@":                              `not ""`,
		"r.example.com/Payments:v1":         `repository "r.example.com/Payments"`,
		"https://r.example.com/app:v1":      "leave the scheme out",
		"https://ci:hunter2@r.example.com/": "the digest must be",
		"a b":                               "one word",
		"oci:":                              "needs a folder",
		"tarball:":                          "needs a file",
	} {
		_, err := Parse(text, Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Parse(%q): %v, want %q", text, err, want)
		}
	}
}

// FuzzParse shows that no text makes the parser panic, and that what it takes
// apart has the shape of its parts.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"localhost:5000/app:v1@" + zeros, "oci:a:b@" + zeros, "tarball:x", "app", "[::1]:5000/app:v1", "a:b@c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text, Options{})
		if err != nil {
			return
		}
		if r.Repository == "" || r.Digest != "" && !digestShape.MatchString(r.Digest) || r.Tag != "" && !tagShape().MatchString(r.Tag) {
			t.Errorf("Parse(%q) = %q %q %q", text, r.Repository, r.Tag, r.Digest)
		}
		if strings.ContainsAny(r.Repository, " \n\x00") {
			t.Errorf("Parse(%q) keeps control characters: %q", text, r.Repository)
		}
	})
}

// FuzzManifest shows that no bytes make the manifest parser panic or pass for
// image and index at once.
func FuzzManifest(f *testing.F) {
	f.Add(manifest, "")
	f.Add([]byte(`{"manifests":[{"digest":"x","platform":null}]}`), "application/vnd.oci.image.index.v1+json")
	f.Fuzz(func(t *testing.T, raw []byte, mediaType string) {
		m, err := parseManifest(raw, mediaType)
		if err != nil {
			return
		}
		if m.Digest != digestOf(raw) || (m.content.Config == nil) == (m.content.Manifests == nil) {
			t.Errorf("read %+v of %q", m.content, raw)
		}
	})
}
