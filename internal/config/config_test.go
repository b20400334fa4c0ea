package config

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// repository makes a folder with .git and the given files, and returns it.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestTheStrongerLayerWins(t *testing.T) {
	root := repository(t, map[string]string{Filename: "environment: from-file\n"})
	flag := map[string][]string{"environment": {"from-flag"}}
	env := []string{"PRODGATE_ENVIRONMENT=from-env"}
	for _, tt := range []struct {
		name, want, origin string
		in                 Input
	}{
		{"flag over variable and file", "from-flag", "--environment", Input{Dir: root, Flags: flag, Env: env}},
		{"variable over file", "from-env", "PRODGATE_ENVIRONMENT", Input{Dir: root, Env: env}},
		{"an empty variable is not set", "from-file", Filename + ":1", Input{Dir: root, Env: []string{"PRODGATE_ENVIRONMENT="}}},
		{"file where nothing else speaks", "from-file", Filename + ":1", Input{Dir: root}},
		{"nobody", "", "not set", Input{Dir: t.TempDir()}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Load(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if v := c.Get("environment"); v.Text != tt.want || v.Origin.String() != tt.origin {
				t.Errorf("environment = %q (%s), want %q (%s)", v.Text, v.Origin, tt.want, tt.origin)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	c, err := Load(Input{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if v := c.Get("kind"); v.Text != "promotion" || v.Origin.String() != "default" {
		t.Errorf("kind = %q (%s)", v.Text, v.Origin)
	}
	if d, err := c.Timeout(); d != time.Minute || err != nil {
		t.Errorf("timeout = %v, %v", d, err)
	}
	for _, name := range []string{"trigger", "requested-by", "triggered-by", "service"} {
		if v := c.Get(name); v.Given() {
			t.Errorf("%s = %q without anybody saying so", name, v.Text)
		}
	}
}

func TestTheNearestFileCountsUpToTheRepositorysRoot(t *testing.T) {
	root := repository(t, map[string]string{
		Filename:                   "service: root\n",
		"team/" + Filename:         "service: team\npolicies: [pack]\n",
		"team/app/src/main.go":     "package main\n",
		"elsewhere/deep/README.md": "",
	})
	stranger := filepath.Join(filepath.Dir(root), Filename)
	if err := os.WriteFile(stranger, []byte("service: stranger\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{"team/app/src": "team", "team": "team", "elsewhere/deep": "root", ".": "root"} {
		c, err := Load(Input{Dir: filepath.Join(root, dir)})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Get("service").Text; got != want {
			t.Errorf("in %s: service = %q, want %q", dir, got, want)
		}
	}
	c, err := Load(Input{Dir: filepath.Join(root, "team/app/src")})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Get("policies").List, filepath.Join(root, "team", "pack"); len(got) != 1 || got[0] != want {
		t.Errorf("policies = %q, want %q", got, want)
	}
}

func TestOutsideARepositoryNoFileFurtherUpIsObeyed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, Filename), []byte("service: stranger\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	inner := filepath.Join(dir, "inner")
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	c, err := Load(Input{Dir: inner})
	if err != nil {
		t.Fatal(err)
	}
	if c.Path != "" || c.Get("service").Given() {
		t.Errorf("read %s", c.Path)
	}
}

func TestErrorsOfBadInputHaveAHint(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   Input
		want string
	}{
		{"a misspelt variable", Input{Env: []string{"PRODGATE_ENVIROMENT=production"}}, `unknown variable PRODGATE_ENVIROMENT: did you mean "PRODGATE_ENVIRONMENT"?`},
		{"a loosening switch as a variable", Input{Env: []string{"PRODGATE_EMERGENCY=true"}}, "by the flag --emergency"},
		{"a flag without a value", Input{Flags: map[string][]string{"service": {""}}}, "--service needs a value"},
		{"a pack without a name", Input{Flags: map[string][]string{"policies": {"a", ""}}}, "--policies needs a value"},
		{"an empty pack in the variable", Input{Env: []string{"PRODGATE_POLICIES=a::b"}}, "policies (PRODGATE_POLICIES): has an empty item"},
		{"packs that are set and empty", Input{Env: []string{"PRODGATE_POLICIES="}}, "variable PRODGATE_POLICIES is set and empty"},
		{"a configuration that is set and empty", Input{Env: []string{"PRODGATE_CONFIG="}}, "variable PRODGATE_CONFIG is set and empty"},
		{
			"a variable against what GitHub says",
			Input{Env: []string{"GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME=push", "PRODGATE_TRIGGER=workflow_dispatch"}},
			`variable PRODGATE_TRIGGER says "workflow_dispatch" and GITHUB_EVENT_NAME says "push": unset PRODGATE_TRIGGER, or say it by --trigger`,
		},
		{"a file that is not there", Input{Flags: map[string][]string{"config": {"nowhere.yaml"}}}, "nowhere.yaml: no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.Dir = t.TempDir()
			_, err := Load(tt.in)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestTheOtherSpellingOfTheFilesNameIsNotIgnored(t *testing.T) {
	root := repository(t, map[string]string{"prodgate.yml": "service: app\n"})
	if _, err := Load(Input{Dir: root}); err == nil || !strings.Contains(err.Error(), "rename it") {
		t.Errorf("error = %v", err)
	}
}

func TestTimeoutNeedsAUnit(t *testing.T) {
	for _, text := range []string{"60", "0s", "-5s", "soon"} {
		c, err := Load(Input{Dir: t.TempDir(), Flags: map[string][]string{"timeout": {text}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Timeout(); err == nil || !strings.Contains(err.Error(), "--timeout") {
			t.Errorf("timeout %q: error = %v", text, err)
		}
	}
}

func TestTheTrailIsFoundFromAnyFolder(t *testing.T) {
	file := "trail: logs/trail.db\ntrail_key: keys/trail.key\n"
	root := repository(t, map[string]string{Filename: file, "deep/down/x": ""})
	deep := filepath.Join(root, "deep", "down")
	for _, tt := range []struct {
		name, want, shown string
		in                Input
	}{
		{"a path in the file counts from the file", filepath.Join(root, "logs", "trail.db"), "", Input{Dir: deep}},
		{"a path by flag counts from the working folder", filepath.Join(deep, "t.db"), "", Input{Dir: deep, Flags: map[string][]string{"trail": {"t.db"}}}},
		{"a path by variable counts from the working folder", filepath.Join(deep, "t.db"), "", Input{Dir: deep, Env: []string{"PRODGATE_TRAIL=sqlite:t.db"}}},
		{"an absolute path stays", filepath.Join(root, "t.db"), "", Input{Dir: deep, Env: []string{"PRODGATE_TRAIL=" + filepath.Join(root, "t.db")}}},
		{"an address stays, and shows no password", "postgres://gate:secret@db/trail?password=x", "postgres://gate:xxxxx@db/trail", Input{Dir: deep, Env: []string{"PRODGATE_TRAIL=postgres://gate:secret@db/trail?password=x"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Load(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			v := c.Get("trail")
			if shown := cmp.Or(tt.shown, tt.want); v.Text != tt.want || v.Shown() != shown {
				t.Errorf("trail = %q, shown as %q; want %q, shown as %q", v.Text, v.Shown(), tt.want, shown)
			}
			if key := c.Get("trail-key").Text; key != filepath.Join(root, "keys", "trail.key") {
				t.Errorf("trail-key = %q", key)
			}
		})
	}
}

func TestASourceIsFromTheTrailOrFromAFile(t *testing.T) {
	for text, want := range map[string]string{
		"sources:\n  trail: {from: trail}\n":               "",
		"sources:\n  production: {from: trail}\n":          "",
		"sources:\n  production: {from: trial}\n":          `prodgate.yaml:2: sources.production: unknown system "trial"; did you mean "trail"?`,
		"sources:\n  trail: {from: trail, file: x}\n":      "prodgate.yaml:2: sources.trail.file is an unknown key",
		"sources:\n  people: {from: trail}\n":              "prodgate.yaml:2: sources.people: a system of kind trail does not report it; kinds that do: file",
		"sources:\n  production: {file: x, form: trail}\n": "prodgate.yaml:2: sources.production.form is an unknown key; known keys are file",
		"sources:\n  trail: {file: x}\ntrial: t.db\n":      `did you mean "trail"?`,
		"sources:\n  trail: {file: x}\ntrail: t.db\n":      "prodgate.yaml:3: trail names an audit trail, and sources.trail (line 2) reads a file",
		"sources:\n  trail: {from: trail}\ntrail: t.db\n":  "",
	} {
		_, err := Parse(Filename, "", []byte(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestWhatAStrongerLayerReplacesIsListed(t *testing.T) {
	root := repository(t, map[string]string{
		Filename:            "service: web\nenvironment: production\npolicies: [pack]\ntrail: trail.db\n",
		"near/" + Filename:  "service: web\n",
		"pack/data.yaml":    "",
		"lax/data.yaml":     "",
		"other.yaml":        "service: web\n",
		"near/deep/x":       "",
		"database.yaml":     "trail: postgres://gate@db/trail\n",
		"alone/nothing.txt": "",
	})
	bare := t.TempDir()
	if err := os.WriteFile(filepath.Join(bare, "gate.yaml"), []byte("service: web\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	flag := func(name string, text ...string) Input {
		return Input{Dir: root, Flags: map[string][]string{name: text}}
	}
	env := func(entry ...string) Input { return Input{Dir: root, Env: entry} }
	for _, tt := range []struct {
		name string
		in   Input
		want string
	}{
		{"nothing", env(), ""},
		{"other policies by variable", env("PRODGATE_POLICIES=lax"), "PRODGATE_POLICIES replaces policies (prodgate.yaml:3)"},
		{"other policies by flag", flag("policies", "pack", "lax"), "--policies replaces policies (prodgate.yaml:3)"},
		{"the same policies", env("PRODGATE_POLICIES=./lax/../pack"), ""},
		{"another trail", env("PRODGATE_TRAIL=fresh.db"), "PRODGATE_TRAIL replaces trail (prodgate.yaml:4)"},
		{"the same trail", env("PRODGATE_TRAIL=" + filepath.Join(root, "trail.db")), ""},
		{"another service", env("PRODGATE_SERVICE=other"), "PRODGATE_SERVICE replaces service (prodgate.yaml:1)"},
		{"another service by flag", flag("service", "other"), "--service replaces service (prodgate.yaml:1)"},
		{"the same service", flag("service", "web"), ""},
		{"another environment", flag("environment", "staging"), "--environment replaces environment (prodgate.yaml:2)"},
		{"a nearer file", Input{Dir: filepath.Join(root, "near", "deep")}, "near/prodgate.yaml replaces prodgate.yaml"},
		{"a named file", env("PRODGATE_CONFIG=other.yaml"), "PRODGATE_CONFIG replaces prodgate.yaml"},
		{"a named file from below", Input{Dir: filepath.Join(root, "near"), Flags: map[string][]string{"config": {"../other.yaml"}}}, "--config replaces prodgate.yaml, --config replaces prodgate.yaml"},
		{"the same file by name", env("PRODGATE_CONFIG=./prodgate.yaml"), ""},
		{"a named file that replaces nothing", Input{Dir: bare, Env: []string{"PRODGATE_CONFIG=gate.yaml"}}, ""},
		{"a secret of the connection", Input{Dir: bare, Env: []string{"PRODGATE_CONFIG=" + filepath.Join(root, "database.yaml"), "PRODGATE_TRAIL=postgres://gate:secret@db/trail?password=x"}}, ""},
		{"another database", Input{Dir: bare, Env: []string{"PRODGATE_CONFIG=" + filepath.Join(root, "database.yaml"), "PRODGATE_TRAIL=postgres://gate@elsewhere/trail"}}, "PRODGATE_TRAIL replaces trail (" + filepath.Join(root, "database.yaml") + ":1)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Load(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			var list []string
			for _, r := range c.Replaced() {
				list = append(list, r.String())
			}
			got := strings.ReplaceAll(strings.Join(list, ", "), root+string(filepath.Separator), "")
			if want := strings.ReplaceAll(tt.want, root+string(filepath.Separator), ""); got != want {
				t.Errorf("replaced %q, want %q", got, want)
			}
		})
	}
}

func TestWhatIsLeftOfACIRunEstablishesNothing(t *testing.T) {
	by := []string{"PRODGATE_TRIGGER=workflow_dispatch", "PRODGATE_REQUESTED_BY=github:1"}
	for name, tt := range map[string]struct {
		env  []string
		want string
	}{
		"on a machine of one's own":  {by, ""},
		"in a run that does not say": {append([]string{"GITHUB_RUN_ID=7"}, by...), "PRODGATE_TRIGGER PRODGATE_REQUESTED_BY without GITHUB_ACTIONS"},
		"in a job that does not say": {append([]string{"CI_PIPELINE_ID=7"}, by...), "PRODGATE_TRIGGER PRODGATE_REQUESTED_BY without GITLAB_CI"},
		"in a job":                   {append([]string{"GITLAB_CI=true", "CI_PIPELINE_ID=7"}, by...), ""},
		"in a run":                   {append([]string{"GITHUB_ACTIONS=true", "GITHUB_RUN_ID=7"}, by...), ""},
	} {
		c, err := Load(Input{Dir: t.TempDir(), Env: tt.env})
		if err != nil {
			t.Fatal(err)
		}
		list, missing := c.Unestablished()
		got := strings.Join(list, " ")
		if missing != "" {
			got += " without " + missing
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestASystemInPlaceHasItsSettings(t *testing.T) {
	for text, want := range map[string]string{
		"sources:\n  vulnerabilities: {scan: {}}\n":                         "",
		"sources:\n  vulnerabilities: scan\n":                               "",
		"systems:\n  own: {kind: scan}\nsources:\n  vulnerabilities: own\n": "",
		"sources:\n  vulnerabilities: {scan: null}\n":                       "prodgate.yaml:2: sources.vulnerabilities.scan is null",
		"sources:\n  vulnerabilities: {scan: {}, reports: [x]}\n":           "exactly one of attestations, reports, scan, system",
		"sources:\n  staging: {file: null}\n":                               "prodgate.yaml:2: sources.staging.file is null",
		"sources:\n  staging: null\n":                                       "prodgate.yaml:2: sources.staging is null",
		"sources:\n  staging: []\n":                                         "prodgate.yaml:2: sources.staging: names no system",
		"sources:\n  staging: [[x]]\n":                                      "prodgate.yaml:2: sources.staging[0] is a list",
		"sources: []\n":                                                     "prodgate.yaml:1: sources is a list",
		"systems:\n  pager: {kind: [file]}\n":                               "prodgate.yaml:2: systems.pager.kind is a list",
		"systems:\n  Pager: {kind: file, file: x}\n":                        "prodgate.yaml:2: systems.Pager is not a system's name",
		"systems:\n  pager: {kind: trail, file: x}\n":                       "prodgate.yaml:2: systems.pager.file is an unknown key",
	} {
		_, err := Parse("prodgate.yaml", "", []byte(text))
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
