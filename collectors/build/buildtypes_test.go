package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/strict"
)

// What the records in testdata hold besides the source, which is at commit.
const (
	dependency = "dddddddddddddddddddddddddddddddddddddddd"
	pipeline   = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
	onGitHub   = "https://github.com/pay/payments-api"
	onGitLab   = "https://gitlab.example.com/pay/payments-api"
	elsewhere  = "https://git.example.com/pay/payments-api"
)

// fixtures are the records in testdata, in the form in which each builder writes
// them.
func fixtures(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no fixtures", err)
	}
	return names
}

// fixture is the record called name.
func fixture(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestTheCommitIsThatOfTheSource(t *testing.T) {
	finished := time.Date(2026, 11, 20, 10, 1, 30, 0, time.UTC)
	tests := map[string]struct {
		repository string
		timed      bool
	}{
		"buildkit-git-v02":           {onGitHub + ".git", true},
		"buildkit-git-v1":            {onGitHub + ".git", true},
		"buildkit-local-v02":         {elsewhere + ".git", true},
		"buildkit-local-v1":          {elsewhere + ".git", true},
		"cloudbuild-inline-v1":       {onGitHub, false},
		"cloudbuild-other-config-v1": {onGitHub, false},
		"cloudbuild-v02":             {onGitHub, true},
		"cloudbuild-v1":              {onGitHub, true},
		"github-attest-v1":           {onGitHub, false},
		"github-container-based-v1":  {onGitHub, false},
		"github-delegator-v1":        {onGitHub, false},
		"github-generator-v02":       {onGitHub, false},
		"gitlab-runner-v02":          {onGitLab, true},
		"gitlab-runner-v1":           {onGitLab, true},
		"gitlab-v1":                  {onGitLab, true},
		"plain-v1":                   {elsewhere, true},
		"tekton-pipelinerun-v02":     {elsewhere, true},
		"tekton-taskrun-v02":         {elsewhere + ".git", true},
		"tekton-v1":                  {elsewhere + ".git", true},
	}
	if got := len(fixtures(t)); got != len(tests) {
		t.Errorf("testdata holds %d records, and %d are tried", got, len(tests))
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := collect(t, fixture(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if got.Commit != commit || got.Repository == nil || *got.Repository != want.repository {
				t.Errorf("read commit %s of %v, want %s of %s", got.Commit, got.Repository, commit, want.repository)
			}
			if want.timed != (got.BuiltAt != nil) || want.timed && !got.BuiltAt.Truncate(time.Second).Equal(finished) {
				t.Errorf("built at %v, want %v: %t", got.BuiltAt, finished, want.timed)
			}
		})
	}
}

// change is a fixture with texts replaced.
type change struct {
	name, of string
	replace  []string // old, new, …
	want     string   // of the error
}

func (c change) content(t *testing.T) string {
	t.Helper()
	content := fixture(t, c.of)
	for i := 0; i < len(c.replace); i += 2 {
		if !strings.Contains(content, c.replace[i]) {
			t.Fatalf("%s does not hold %q", c.of, c.replace[i])
		}
		content = strings.ReplaceAll(content, c.replace[i], c.replace[i+1])
	}
	return content
}

func TestNoOtherCommitIsReadAsTheSource(t *testing.T) {
	const silent = "does not name the source commit"
	tests := []change{
		{"a local directory without git metadata", "buildkit-local-v02", []string{`"revision"`, `"x"`}, silent},
		{"the same, v1", "buildkit-local-v1", []string{`"revision"`, `"x"`}, "build from a git context"},
		{"changes that were not committed", "buildkit-local-v1", []string{`"revision": "` + commit, `"revision": "` + commit + `-dirty`}, "built from changes to commit " + commit},
		{"a git context that another revision contradicts", "buildkit-git-v1", []string{`"finishedOn"`, `"buildkit_metadata":{"vcs":{"revision":"` + another + `"}},"finishedOn"`}, "disagree"},
		{"an archive as context, with its SHA-1", "buildkit-git-v02", []string{onGitHub + ".git#refs/heads/main", "https://example.com/source.tar.gz"}, "is not a git repository"},
		{"a context without its commit", "buildkit-git-v1", []string{`"sha1": "` + commit, `"x": "` + commit}, silent},

		{"a workflow that is not named", "github-attest-v1", []string{`"workflow":`, `"x":`}, silent},
		{"a dependency at another ref", "github-attest-v1", []string{`payments-api@refs/tags/v1.4.0`, `payments-api@refs/tags/v1.3.0`}, silent},
		{"only another repository's commit", "github-attest-v1", []string{`git+` + onGitHub, "git+https://github.com/other/library"}, silent},
		{"a material of the same address that disagrees", "github-generator-v02", []string{`"materials": [`, `"materials": [{"uri":"git+` + onGitHub + `@refs/heads/main","digest":{"sha1":"` + another + `"}},`}, "disagree"},
		{"an environment that disagrees", "github-generator-v02", []string{`"github_sha1": "` + commit, `"github_sha1": "` + another}, "disagree"},
		{"no configuration source", "github-generator-v02", []string{`"configSource"`, `"x"`}, silent},
		{"a first dependency that is not the workflow's", "github-delegator-v1", []string{"git+" + onGitHub + "@refs", "git+https://github.com/other/library@refs"}, "the workflow that was built is of"},
		{"no source", "github-container-based-v1", []string{`"source":`, `"x":`}, silent},
		{"a source that the dependencies contradict", "github-container-based-v1", []string{`"resolvedDependencies": [`, `"resolvedDependencies": [{"uri":"git+` + onGitHub + `@refs/heads/main","digest":{"gitCommit":"` + another + `"}},`}, "disagree"},

		{"a pipeline's repository alone", "tekton-pipelinerun-v02", []string{"CHAINS-GIT_COMMIT", "x", "git+https://git.example.com/pay/payments-api.git", "oci://example.com/image"}, "declare CHAINS-GIT_URL and CHAINS-GIT_COMMIT"},
		{"the task's own repository alone", "tekton-taskrun-v02", []string{"pay/payments-api.git", "platform/pipelines.git", commit, pipeline}, silent},
		{"two hints", "tekton-pipelinerun-v02", []string{`"depth": "1"`, `"CHAINS-GIT_COMMIT": "` + another + `"`}, "disagree"},
		{"two inputs without a hint", "tekton-taskrun-v02", []string{`"materials": [`, `"materials": [{"uri":"git+https://git.example.com/other/library.git","digest":{"sha1":"` + dependency + `"}},`}, "disagree"},
		{"a hint that is no commit", "tekton-pipelinerun-v02", []string{`"value": "` + commit, `"value": "main`}, `"main" is not a full commit hash`},
		{"inputs under another name", "tekton-v1", []string{"inputs/result", "pipelineTask"}, silent},
		{"two inputs", "tekton-v1", []string{`"resolvedDependencies": [`, `"resolvedDependencies": [{"name":"inputs/result","uri":"git+https://git.example.com/other/library.git","digest":{"sha1":"` + dependency + `"}},`}, "disagree"},
		{"a hint that its input contradicts", "tekton-v1", []string{`"name": "args"`, `"name":"CHAINS-GIT_URL","value":"` + elsewhere + `"},{"name":"CHAINS-GIT_COMMIT","value":"` + another + `"},{"name":"x"`}, "disagree"},

		{"a configuration at another ref", "cloudbuild-v1", []string{`"ref": "refs/heads/main"`, `"ref": "refs/heads/other"`}, silent},
		{"a substitution that disagrees", "cloudbuild-v1", []string{`"COMMIT_SHA": "` + commit, `"COMMIT_SHA": "` + another}, "disagree"},
		{"the pipeline's repository alone", "cloudbuild-other-config-v1", []string{"git+" + onGitHub + "@", "git+https://github.com/other/library@"}, silent},
		{"a build from a local directory", "cloudbuild-inline-v1", []string{"COMMIT_SHA", "X"}, "build by a trigger"},
		{"a commit that was not fetched", "cloudbuild-inline-v1", []string{`"COMMIT_SHA": "` + commit, `"COMMIT_SHA": "` + another}, silent},
		{"several repositories, none of which is the build's", "cloudbuild-v02", []string{"COMMIT_SHA", "X"}, "disagree"},
		{"steps without a repository", "cloudbuild-v02", []string{"COMMIT_SHA", "X", "configSource", "x"}, silent},

		{"another project's commit", "gitlab-v1", []string{`"uri": "` + onGitLab, `"uri": "https://gitlab.example.com/other/library`}, silent},
		{"a variable that disagrees", "gitlab-runner-v1", []string{`"CI_COMMIT_SHA": "` + commit, `"CI_COMMIT_SHA": "` + another}, "disagree"},
		{"no project", "gitlab-runner-v02", []string{`"configSource"`, `"x"`}, silent},
		{"no source of one's own", "plain-v1", []string{`"source":`, `"x":`}, silent},
	}
	for _, tt := range tests {
		t.Run(tt.of+": "+tt.name, func(t *testing.T) {
			got, err := collect(t, tt.content(t))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "build type") {
				t.Errorf("read %+v, %v; want an error that names the build type and %q", got, err, tt.want)
			}
		})
	}
}

func TestWhatChangesNothingAboutTheSource(t *testing.T) {
	tests := []change{
		{"a vcs revision that agrees", "buildkit-git-v1", []string{`"finishedOn"`, `"buildkit_metadata":{"vcs":{"revision":"` + commit + `"}},"finishedOn"`}, ""},
		{"a context over SSH", "buildkit-git-v02", []string{onGitHub + ".git#refs/heads/main", "git@github.com:pay/payments-api.git#refs/heads/main"}, ""},
		{"a context without .git", "buildkit-git-v02", []string{onGitHub + ".git#refs/heads/main", onGitHub}, ""},
		{"a commit that only the dependency has", "buildkit-git-v1", []string{`"digest": {
      "sha1": "` + commit + `"
     },
     "path"`, `"path"`}, ""},
		{"hints in parameters", "tekton-taskrun-v02", []string{`"IMAGE":`, `"CHAINS-GIT_URL":"` + elsewhere + `","CHAINS-GIT_COMMIT":"` + commit + `","IMAGE":`}, ""},
		{"hints in the results of a v1 run, beside another input", "tekton-v1", []string{
			`"name": "pipelineRunResults/IMAGE_URL"`, `"name":"taskRunResults/CHAINS-GIT_COMMIT","content":"ImFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWEi"},{"name":"x"`,
			`"resolvedDependencies": [`, `"resolvedDependencies": [{"name":"inputs/result","uri":"git+https://git.example.com/other/library.git","digest":{"sha1":"` + dependency + `"}},`}, ""},
		{"inputs as the documentation spells them", "tekton-v1", []string{"inputs/result", "input/results"}, ""},
		{"the other by-products' spelling", "tekton-v1", []string{`"byproducts"`, `"byProducts"`}, ""},
		{"a substitution left out", "cloudbuild-v1", []string{"COMMIT_SHA", "X"}, ""},
		{"steps with a commit", "cloudbuild-v02", []string{"CloudBuildYaml", "CloudBuildSteps", "configSource", "x"}, ""},
		{"a project with .git and a job's token", "gitlab-runner-v1", []string{`"source": "https://`, `"source": "https://gitlab-ci-token:[MASKED]@`, `"uri": "` + onGitLab, `"uri": "` + onGitLab + `.git`}, ""},
		{"a masked commit", "gitlab-runner-v1", []string{`"CI_COMMIT_SHA": "` + commit, `"CI_COMMIT_SHA": "[MASKED]`}, ""},
		{"a time that nobody set", "plain-v1", []string{"2026-11-20T10:01:30Z", "0001-01-01T00:00:00Z"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.of+": "+tt.name, func(t *testing.T) {
			got, err := collect(t, tt.content(t))
			if err != nil || got.Commit != commit {
				t.Errorf("read %+v, %v; want the commit %s", got, err, commit)
			}
		})
	}
}

func TestNoPasswordOfAnAddressIsRead(t *testing.T) {
	for _, uri := range []string{
		"git+https://ci:hunter2@git.example.com/x/y@refs/heads/main", "https://hunter2@git.example.com/x/y.git#main",
		"ssh://git:hunter2@git.example.com/x/y", "https://git.example.com/x/y?token=hunter2", "https://a@b:hunter2@git.example.com/x/y",
	} {
		if repository, _ := splitAddress(uri); strings.Contains(repository, "hunter2") || !strings.Contains(repository, "git.example.com/x/y") {
			t.Errorf("%s is of the repository %q", uri, repository)
		}
	}
}

// FuzzAddress shows that no address makes the reader panic, and that what is
// left of one is read as the same repository again.
func FuzzAddress(f *testing.F) {
	f.Add("git+https://ci:hunter2@git.example.com/x/y@refs/heads/main")
	f.Add("git@github.com:x/y.git#main")
	f.Fuzz(func(t *testing.T, uri string) {
		isGitAddress(uri)
		repository, _ := splitAddress(uri)
		if again, _ := splitAddress(repository); again != strings.TrimPrefix(repository, "git+") {
			t.Errorf("%q is of %q, which is of %q", uri, repository, again)
		}
	})
}

func TestEveryBuildTypeIsListedOnce(t *testing.T) {
	page, err := os.ReadFile("../../docs/provenance.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, b := range buildTypes {
		if seen[b.uri+b.version] {
			t.Errorf("%s (%s) is listed twice", b.uri, b.version)
		}
		seen[b.uri+b.version] = true
		if !strings.Contains(string(page), "`"+b.uri+"`") {
			t.Errorf("docs/provenance.md does not describe %s", b.uri)
		}
		if _, err := b.source(strict.Value{}); err == nil {
			t.Errorf("%s (%s) reads a source out of nothing", b.uri, b.version)
		}
	}
}
