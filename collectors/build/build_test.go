package build

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

const (
	ours    = "1111111111111111111111111111111111111111111111111111111111111111"
	theirs  = "2222222222222222222222222222222222222222222222222222222222222222"
	commit  = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	another = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// slsa is a statement about digests whose provenance, of the given version, was
// written by builder and names its source where its build type does.
func slsa(version, source, builder string, digests ...string) string {
	var subjects []string
	for _, d := range digests {
		subjects = append(subjects, `{"name":"app","digest":{"sha256":"`+d+`"}}`)
	}
	predicate := `{"buildDefinition":{"buildType":"` + ownType + `","externalParameters":{"source":` + source + `}},"runDetails":{"builder":{"id":"` + builder + `"}}}`
	if version == "v0.2" {
		predicate = `{"builder":{"id":"` + builder + `"},"buildType":"https://mobyproject.org/buildkit@v1","invocation":{"configSource":` + source + `}}`
	}
	return `{"_type":"https://in-toto.io/Statement/v1","subject":[` + strings.Join(subjects, ",") + `],` +
		`"predicateType":"https://slsa.dev/provenance/` + version + `","predicate":` + predicate + `}`
}

// git is a source at a commit.
func git(commit string) string {
	return `{"uri":"git+https://github.com/x/y","digest":{"gitCommit":"` + commit + `"}}`
}

// sealed is a statement in a DSSE envelope.
func sealed(statement string) string {
	return `{"payloadType":"application/vnd.in-toto+json","payload":"` + base64.StdEncoding.EncodeToString([]byte(statement)) + `","signatures":[{"sig":"eA=="}]}`
}

// collect reads a file with that content, asking for ours.
func collect(t testing.TB, content string) (*facts.Build, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.json"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	section, err := Collector{File: strict.Path{Dir: dir, Name: "p.json"}}.Collect(context.Background(), facts.Request{Digest: "sha256:" + ours})
	if err != nil {
		return nil, err
	}
	return section.(facts.Observed).Section.(*facts.Build), nil
}

func TestProvenanceIsReadInEachOfItsForms(t *testing.T) {
	v1, v02 := slsa("v1", git(commit), "ci", ours), slsa("v0.2", git(commit), "ci", ours)
	sbom := `{"_type":"https://in-toto.io/Statement/v0.1","subject":[],"predicateType":"https://spdx.dev/Document","predicate":{"a":1}}`
	var pretty strings.Builder
	encoder := json.NewEncoder(&pretty)
	encoder.SetIndent("", "\t")
	if err := encoder.Encode(json.RawMessage(v1)); err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"provenance v1":              v1,
		"provenance v1, indented":    pretty.String(),
		"provenance v0.2":            v02,
		"an older statement":         strings.Replace(v02, "Statement/v1", "Statement/v0.1", 1),
		"a DSSE envelope":            sealed(v1),
		"a Sigstore bundle":          `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{},"dsseEnvelope":` + sealed(v1) + `}`,
		"lines of envelopes":         sealed(slsa("v1", git(another), "ci", theirs)) + "\n" + sealed(v1) + "\n",
		"beside a bill of materials": sbom + "\n" + v1,
		"one of several subjects":    slsa("v1", git(commit), "ci", theirs, ours),
		"the same twice":             v1 + "\n" + v1,
		"sha1 for gitCommit":         strings.ReplaceAll(v1, "gitCommit", "sha1"),
		"a commit in capitals":       strings.ReplaceAll(v1, commit, strings.ToUpper(commit)),
		"a build type with a slash":  strings.Replace(v1, ownType, ownType+"/", 1),
		"a second record, no source": v1 + strings.Replace(slsa("v1", git(commit), "ci", ours), "git+https://github.com/x/y", "", 1),
	}
	for name, content := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := collect(t, content)
			repository := "https://github.com/x/y"
			want := &facts.Build{Digest: "sha256:" + ours, Commit: commit, Builder: "ci", Repository: &repository}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("read %+v, %v; want %+v", got, err, want)
			}
		})
	}
}

func TestARecordOfAnotherArtifactArrivesUnderItsOwnDigest(t *testing.T) {
	got, err := collect(t, slsa("v1", git(commit), "ci", theirs))
	if err != nil || got.Digest != "sha256:"+theirs {
		t.Errorf("read %+v, %v; want the record of %s", got, err, theirs)
	}
}

func TestNothingIsGuessed(t *testing.T) {
	v1 := slsa("v1", git(commit), "ci", ours)
	tests := []struct{ name, content, want string }{
		{"several records, none of them ours", slsa("v1", git(commit), "ci", theirs) + slsa("v1", git(commit), "ci", strings.Repeat("3", 64)), "no provenance for sha256:1111"},
		{"one record of several others", slsa("v1", git(commit), "ci", theirs, strings.Repeat("3", 64)), "found records of sha256:2222"},
		{"two records that contradict each other", v1 + slsa("v1", git(another), "ci", ours), "contradict each other"},
		{"two records of different repositories", v1 + strings.Replace(v1, "x/y", "x/z", 1), "contradict each other: built from https://github.com/x/y and"},
		{"two commits of one source", strings.Replace(v1, `"gitCommit"`, `"sha1":"`+another+`","gitCommit"`, 1), "has two commits"},
		{"no commit", slsa("v1", "{}", "ci", ours), "does not name the source commit"},
		{"a short commit", slsa("v1", git("abc1234"), "ci", ours), `"abc1234" is not a full commit hash`},
		{"no build type", strings.Replace(v1, ownType, "", 1), `build type "" (provenance v1) is not known`},
		{"a build type of the other version", strings.Replace(v1, ownType, "https://mobyproject.org/buildkit@v1", 1), "is not known"},
		{"an unknown build type", strings.Replace(v1, ownType, "https://ci.example.com/v1", 1), `build type "https://ci.example.com/v1" (provenance v1) is not known, so the built commit cannot be distinguished`},
		{"an impossible time", strings.Replace(v1, `"builder":`, `"metadata":{"finishedOn":"yesterday"},"builder":`, 1), `"yesterday", which is not an RFC 3339 time`},
		{"no builder", slsa("v1", git(commit), " ", ours), "names no builder"},
		{"no subject", slsa("v1", git(commit), "ci"), "names no sha256 digest"},
		{"a subject by another algorithm", strings.Replace(v1, `"sha256":"`+ours, `"sha512":"`+ours, 1), "names no sha256 digest"},
		{"a subject whose digest is none", slsa("v1", git(commit), "ci", "abc"), `invalid digest "sha256:abc"`},
		{"no provenance", `{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://spdx.dev/Document"}`, "holds no SLSA provenance"},
		{"provenance of a version to come", slsa("v2", git(commit), "ci", ours), "v0.2 and v1 are read"},
		{"a bare predicate", `{"builder":{"id":"ci"},"materials":[]}`, "an in-toto statement"},
		{"an envelope of something else", strings.Replace(sealed(v1), "in-toto", "x", 1), "payloadType is"},
		{"an envelope whose payload is no base64", `{"payloadType":"application/vnd.in-toto+json","payload":"***"}`, "payload is not base64"},
		{"an envelope of two statements", sealed(v1 + v1), "a second value follows"},
		{"an envelope in an envelope", sealed(sealed(v1)), "an in-toto statement"},
		{"a statement and an envelope at once", strings.Replace(sealed(v1), "{", `{"_type":"https://in-toto.io/Statement/v1",`, 1), "which one counts is unclear"},
		{"a subject in the wrong type", strings.Replace(v1, `"subject":[`, `"subject":7,"x":[`, 1), "p.json:1: subject must be a list"},
		{"a list", "[" + v1 + "]", "p.json:1: not a JSON object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, tt.content)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "p.json") {
				t.Errorf("read %+v, %v; want an error of p.json with %q", got, err, tt.want)
			}
		})
	}
}

// FuzzProvenance shows that no file makes the reader panic, and that whatever is
// reported is well-formed and unverified.
func FuzzProvenance(f *testing.F) {
	f.Add(slsa("v1", git(commit), "ci", ours))
	f.Add(sealed(slsa("v0.2", git(commit), "ci", theirs)))
	for _, name := range fixtures(f) {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
	f.Add(`{"dsseEnvelope":{"payloadType":"application/vnd.in-toto+json","payload":"e30="}}`)
	f.Fuzz(func(t *testing.T, content string) {
		records, err := parse(strict.Text{Name: "p.json", Data: []byte(content)})
		if err != nil {
			return
		}
		got, err := pick(records, "sha256:"+ours)
		if err != nil {
			return
		}
		_, digest := facts.Accepts("digest", got.Digest)
		_, hash := facts.Accepts("commit", got.Commit)
		if !digest || !hash || got.Builder == "" || got.VerifiedBy != nil || got.Repository != nil && *got.Repository == "" {
			t.Errorf("read %+v", got)
		}
	})
}
