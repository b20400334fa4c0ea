package language

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/scan/finding"
)

// analyze reads the file and gives its packages as "type name version", and what
// is unread as "version: reason".
func analyze(t *testing.T, path string, raw []byte) (packages []string, unread []finding.Undetermined) {
	t.Helper()
	// Half of each read at a time: nobody may rely on getting all at once.
	res, err := Analyze(t.Context(), path, int64(len(raw)), iotest.HalfReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range res.Packages {
		if p.Class != "lang-pkgs" || p.Target != path || !strings.HasPrefix(p.FilePath, path) {
			t.Errorf("%+v is not where it was found", p)
		}
		packages = append(packages, p.Type+" "+p.Name+" "+p.Version)
	}
	return packages, res.Unread
}

func TestWanted(t *testing.T) {
	for _, tt := range []struct {
		name string
		path string
		mode fs.FileMode
		size int64
		want bool
	}{
		{"an executable", "usr/bin/app", 0o755, 1 << 20, true},
		{"what its group may run", "usr/bin/app", 0o610, 1 << 20, true},
		{"a program for Windows without rights", "app/app.exe", 0o644, 1 << 20, true},
		{"an executable too small to be a program", "usr/bin/true", 0o755, smallestProgram - 1, false},
		{"the smallest program", "usr/bin/true", 0o755, smallestProgram, true},
		{"a file that nobody runs", "usr/lib/libc.so.6", 0o644, 1 << 20, false},
		{"a link", "usr/bin/app", 0o777 | fs.ModeSymlink, 1 << 20, false},
		{"a folder that is called like a manifest", "x.egg-info", 0o755 | fs.ModeDir, 0, false},
		{"a package.json", "app/node_modules/a/package.json", 0o644, 2, true},
		{"an empty package.json", "package.json", 0o644, 0, true},
		{"a package-lock.json", "app/package-lock.json", 0o644, 2, false},
		{"a go.mod", "src/go.mod", 0o644, 2, false},
		{"a wheel's metadata", "site-packages/a-1.dist-info/METADATA", 0o644, 2, true},
		{"a wheel's licence", "site-packages/a-1.dist-info/LICENSE", 0o644, 2, false},
		{"metadata of something else", "srv/METADATA", 0o644, 2, false},
		{"an egg-info that is a file", "site-packages/a.egg-info", 0o644, 2, true},
		{"an egg-info's PKG-INFO", "site-packages/a.egg-info/PKG-INFO", 0o644, 2, true},
		{"an egg-info's METADATA", "aws/a.egg-info/METADATA", 0o644, 2, true},
		{"an unpacked egg", "site-packages/a.egg/EGG-INFO/PKG-INFO", 0o644, 2, true},
		{"the PKG-INFO of an sdist", "src/a-1/PKG-INFO", 0o644, 2, false},
		{"an installed gem", "usr/share/gems/specifications/a-1.gemspec", 0o644, 2, true},
		{"a default gem", "usr/share/gems/specifications/default/a-1.gemspec", 0o644, 2, true},
		{"a gem's source", "usr/share/gems/gems/a-1/a.gemspec", 0o644, 2, false},
		{"Composer's list", "srv/vendor/composer/installed.json", 0o644, 2, true},
		{"a .NET program's list", "app/app.deps.json", 0o644, 2, true},
		{"central versions of .NET", "src/Directory.Packages.props", 0o644, 2, true},
		{"conda's metadata", "opt/conda/envs/x/conda-meta/pip-1-py_0.json", 0o644, 2, true},
		{"Bitnami's document", "opt/bitnami/redis/.spdx-redis.spdx", 0o644, 2, true},
		{"another's document", "var/lib/db/sbom/redis.spdx.json", 0o644, 2, true},
		{"what Python's packages bring", "usr/lib/python3/a.dist-info/sboms/a.cdx.json", 0o644, 2, false},
		{"conda's history", "opt/conda/conda-meta/history", 0o644, 2, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Wanted(tt.path, tt.mode, tt.size); got != tt.want {
				t.Errorf("Wanted(%q, %v, %d) = %v", tt.path, tt.mode, tt.size, got)
			}
		})
	}
}

func TestManifests(t *testing.T) {
	for _, tt := range []struct {
		name, path, file string
		want             []string
		unread           string // in the reason
	}{
		{"npm", "app/node_modules/@a/b/package.json", `{"name":"@a/b","version":"1.2.3","dependencies":[]}`, []string{"node-pkg @a/b 1.2.3"}, ""},
		{"npm after a byte order mark", "package.json", "\uFEFF{\"name\":\"b\",\"version\":\"1.2.3\"}", []string{"node-pkg b 1.2.3"}, ""},
		{"npm without a version", "app/package.json", `{"name":"b"}`, nil, ""},
		{"npm without a name", "app/package.json", `{"version":"1.0.0"}`, nil, ""},
		{"npm's package is broken", "node_modules/b/package.json", `{`, nil, "not readable as JSON"},
		{"npm's scoped package is broken", "node_modules/@a/b/package.json", `{`, nil, "not readable as JSON"},
		{"npm's package has a number for its version", "node_modules/b/package.json", `{"name":"b","version":1}`, nil, "not readable as JSON"},
		{"a test of npm's package is broken", "node_modules/b/test/broken/package.json", `{`, nil, ""},
		{"a wheel", "p/a-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: Flask_Cors\nVersion: 4.0.0\n\nName: other\n", []string{"python-pkg Flask_Cors 4.0.0"}, ""},
		{"a wheel with lines from Windows and folded ones", "p/a-1.dist-info/METADATA", "name: a\r\nSummary: x\r\n Version: 9\r\nversion: 1\r\n\r\n", []string{"python-pkg a 1"}, ""},
		{"a wheel without a version", "p/a-1.dist-info/METADATA", "Name: a\n\nVersion: 1\n", nil, "no version"},
		{"an empty egg-info", "p/a-1.egg-info", "", nil, "no version"},
		{"a gem", "g/specifications/rake-13.gemspec", "Gem::Specification.new do |s|\n  s.name = \"rake\".freeze\n  s.version = \"13.0.6\"\n  s.required_rubygems_version = 'x'\nend", []string{"gemspec rake 13.0.6"}, ""},
		{"a gem in single quotes", "g/specifications/rake-13.gemspec", "Gem::Specification.new do |gem|\n  gem.name = 'rake'\n  gem.version = '13.0.6'\n gem.version_requirements = nil", []string{"gemspec rake 13.0.6"}, ""},
		{"a gem whose version is code", "g/specifications/rake-13.gemspec", "Gem::Specification.new do |s|\n  s.name = \"rake\"\n  s.version = Rake::VERSION\n", nil, "plain text"},
		{"Composer 2", "v/composer/installed.json", `{"packages":[{"name":"a/b","version":"v1.2"},{"name":"a/b","version":"v1.3"}],"dev":true}`, []string{"composer-vendor a/b v1.2"}, ""},
		{"Composer 1", "v/composer/installed.json", `[{"name":"a/b","version":"1.2"}]`, []string{"composer-vendor a/b 1.2"}, ""},
		{"Composer's list is broken", "v/composer/installed.json", `{"packages":{}}`, nil, "Composer"},
		{"another program's installed.json", "srv/installed.json", `nothing`, nil, ""},
		{"another program's installed.json that is JSON", "srv/installed.json", `{"a":1}`, nil, ""},
		{".NET", "app/app.deps.json", `{"runtimeTarget":{"name":".NETCoreApp,Version=v8.0/linux-x64"},
			"targets":{".NETCoreApp,Version=v8.0":{},".NETCoreApp,Version=v8.0/linux-x64":{
				"app/1.0.0":{"dependencies":{"A":"1.0.0"},"runtime":{"app.dll":{}}},
				"A/1.0.0":{"runtime":{}}, "B/1.0.0":{"compile":{"b.dll":{}}}, "C/1.0.0":{"native":{"c.so":{}}}, "D/1.0.0":{"runtimeTargets":{}}, "G/1.0.0":{"runtime":null},
				"runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1":{"runtime":{}}}},
			"libraries":{"app/1.0.0":{"type":"project"},"A/1.0.0":{"type":"Package"},"B/1.0.0":{"type":"package"},"C/1.0.0":{"type":"package"},
				"D/1.0.0":{"type":"package"},"E/1.0.0":{"type":"package"},"F/1.0.0":{"type":"reference"},"G/1.0.0":{"type":"package"},
				"runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1":{"type":"runtimepack"}}}`,
			[]string{"dotnet-core A 1.0.0", "dotnet-core C 1.0.0", "dotnet-core D 1.0.0", "dotnet-core E 1.0.0", "dotnet-core app 1.0.0", "dotnet-core Microsoft.NETCore.App.Runtime.linux-x64 8.0.1"}, ""},
		{".NET of a target that is not described", "app/app.deps.json", `{"runtimeTarget":{"name":"x"},"libraries":{"A/1":{"type":"package"}}}`, []string{"dotnet-core A 1"}, ""},
		{".NET with a library without a version", "app/app.deps.json", `{"libraries":{"A":{"type":"package"}}}`, nil, `"A"`},
		{"NuGet's lock file", "src/packages.lock.json", `{"version":1,"dependencies":{"net6":{"B":{"type":"Direct","resolved":"2"},"A":{"type":"Transitive","resolved":"1"},"own":{"type":"Project"}},"net7":{"A":{"type":"Direct","resolved":"1"}}}}`, []string{"nuget A 1", "nuget B 2"}, ""},
		{"NuGet's packages.config", "src/packages.config", `<?xml version="1.0" encoding="utf-8"?><packages><package id="A" version="1"/><package id="B" version="2" developmentDependency="true"/><package id="A" version="1"/></packages>`, []string{"nuget A 1"}, ""},
		{"NuGet's packages.config is something else", "src/packages.config", `<configuration/>`, nil, "XML"},
		{"central versions of .NET", "Directory.Packages.props", `<Project><ItemGroup><PackageVersion Include=" A " Version="1"/><PackageVersion Include="B" Version="$(v)"/></ItemGroup><ItemGroup><PackageReference Update="C" Version="3"/></ItemGroup></Project>`, []string{"packages-props A 1", "packages-props C 3"}, ""},
		{"Cargo's lock file", "src/Cargo.lock", "version = 3\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"libc\",\n]\n\n[[package]]\nname = \"libc\"\nversion = \"0.2.3\"\nsource = \"registry\"\n", []string{"cargo app 0.1.0", "cargo libc 0.2.3"}, ""},
		{"Cargo's lock file is broken", "src/Cargo.lock", "[[package]]\nname\n", nil, "line 2"},
		{"Cargo's lock file is cut off", "src/Cargo.lock", "[[package]]\nname = \"a\"\nversion = \"1\"\ndependencies = [\n", nil, "within a list"},
		{"Cargo's lock file with a package without a name", "src/Cargo.lock", "[[package]]\nversion = \"1\"\n", nil, "no name"},
		{"Julia's manifest", "app/Manifest.toml", "julia_version = \"1.9.0\"\nmanifest_format = \"2.0\"\n[[deps.Dates]]\nuuid = \"ade2\"\n[[deps.A]]\nversion = \"1.2.3\"\nuuid = \"b\"\n", []string{"julia Dates 1.9.0", "julia A 1.2.3"}, ""},
		{"Julia's manifest of old", "app/Manifest.toml", "[[Dates]]\nuuid = \"ade2\"\n[[A]]\ndeps = [\"Dates\"]\nversion = \"1.2.3\"\nuuid = \"b\"\n", []string{"julia Dates unknown", "julia A 1.2.3"}, ""},
		{"another program's Manifest.toml", "app/Manifest.toml", "name = \"x\"\n[[files]]\npath = \"a\"\n", nil, ""},
		{"Julia's manifest with what a package depends on", "app/Manifest.toml", "# machine-generated\n\nmanifest_format = \"2.0\"\njulia_version = '1.9.0'\n\n[deps]\n[[deps.A]]\ndeps = [\"B\"]\nuuid = \"a\"\nversion = \"1\"\n\n    [deps.A.weakdeps]\n    C = \"c\"\n", []string{"julia A 1"}, ""},
		{"conda", "opt/conda/envs/x/conda-meta/pip-22-py_0.json", `{"name":"pip","version":"22"}`, []string{"conda-pkg pip 22"}, ""},
		{"conda without a name", "conda-meta/pip-22-py_0.json", `{"version":"22"}`, nil, "names no package"},
		{"Bitnami", "opt/bitnami/redis/.spdx-redis.spdx", `{"packages":[{"externalRefs":[{"referenceType":"cpe23Type","referenceLocator":"cpe:x"},{"referenceType":"purl","referenceLocator":"pkg:bitnami/redis@7.0.5-0?arch=amd64"}]},{"name":"jar"},{"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:maven/g/a@1"}]}]}`, []string{"bitnami redis 7.0.5-0"}, ""},
		{"Bitnami's component of a version with a plus", "opt/bitnami/a/.spdx-a.spdx", `{"packages":[{"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:bitnami/a@1%2B2#x"}]}]}`, []string{"bitnami a 1+2"}, ""},
		{"Bitnami's document is broken", "opt/bitnami/a/.spdx-a.spdx", `SPDXVersion: SPDX-2.3`, nil, "JSON"},
		{"an SBOM", "usr/share/app/bom.cdx.json", `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"lodash","version":"4.17.20","purl":"pkg:npm/lodash@4.17.20"}]}`, []string{"node-pkg lodash 4.17.20"}, ""},
		{"an SBOM of a later form", "usr/share/app/bom.spdx.json", `{"spdxVersion":"SPDX-9.9","SPDXID":"SPDXRef-DOCUMENT"}`, nil, "SPDX-9.9"},
		{"a drawing whose name ends as an SBOM's", "usr/share/molecule.cdx", "VjCD0100 water", nil, ""},
		{"a script", "usr/bin/tool", "#!/bin/sh\n" + strings.Repeat("# \n", 60), nil, ""},
		{"text that is no UTF-8", "package.json", "{\"name\":\"a\xff\",\"version\":\"1\\u0000\"}", []string{"node-pkg a\uFFFD 1\uFFFD"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, unread := analyze(t, tt.path, []byte(tt.file))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("packages (-want +got):\n%s", diff)
			}
			checkUnread(t, tt.path, unread, tt.unread)
		})
	}
}

// checkUnread wants one entry with that in its reason, or none.
func checkUnread(t *testing.T, path string, got []finding.Undetermined, want string) {
	t.Helper()
	if want == "" {
		if len(got) > 0 {
			t.Errorf("unread: %+v", got)
		}
		return
	}
	if len(got) != 1 || !strings.Contains(got[0].Reason, want) || !strings.HasPrefix(got[0].Package, path) {
		t.Errorf("unread = %+v, and one reason with %q is wanted", got, want)
	}
}

func TestAFailingReaderIsAnError(t *testing.T) {
	broken := errors.New("the layer is cut off")
	for _, path := range []string{"a/package.json", "node_modules/b/test/package.json", "v/installed.json", "a.deps.json", "packages.config", "p/a.egg-info", "g/specifications/a.gemspec", "bin/app"} {
		for _, front := range []string{"", `{"name":"a"`, "\x7fELF" + strings.Repeat("\x00", 100)} {
			r := &cutOff{Reader: strings.NewReader(front), err: broken}
			if res, err := Analyze(t.Context(), path, 1<<20, r); !errors.Is(err, broken) || !strings.Contains(err.Error(), path) || res.Packages != nil {
				t.Errorf("%s after %q: %+v, %v", path, front, res, err)
			}
		}
	}
}

type cutOff struct {
	*strings.Reader
	err error
}

func (r *cutOff) Read(p []byte) (int, error) {
	if r.Len() == 0 {
		return 0, r.err
	}
	return r.Reader.Read(p)
}

func TestACancelledContextIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	late := errors.New("the deadline has passed")
	cancel(late)
	if _, err := Analyze(ctx, "package.json", 2, strings.NewReader("{}")); !errors.Is(err, late) {
		t.Errorf("err = %v", err)
	}
}

func TestAFileLargerThanItsKindIsUnread(t *testing.T) {
	for _, tt := range []struct {
		name   string
		size   int
		unread string
	}{
		{"as large as is read", maxWhole, ""},
		{"one byte larger", maxWhole + 1, "larger than the 16 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw := append([]byte(`{"name":"a","version":"1"}`), bytes.Repeat([]byte{' '}, tt.size)...)[:tt.size]
			_, unread := analyze(t, "package.json", raw)
			checkUnread(t, "package.json", unread, tt.unread)
		})
	}
}

func TestWhatOneFileNamesIsBounded(t *testing.T) {
	for _, tt := range []struct {
		name     string
		entry    string
		packages int
		n        int
		unread   string
	}{
		{"as many as are listed", `{"name":"a%d","version":"1"},`, maxNamed, maxNamed, ""},
		{"one more", `{"name":"a%d","version":"1"},`, maxNamed, maxNamed + 1, "names more than"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			for i := range tt.n {
				fmt.Fprintf(&b, tt.entry, i)
			}
			packages, unread := analyze(t, "v/composer/installed.json", []byte("["+strings.TrimSuffix(b.String(), ",")+"]"))
			if len(packages) != tt.packages {
				t.Errorf("%d packages", len(packages))
			}
			checkUnread(t, "v/composer/installed.json", unread, tt.unread)
		})
	}
}

func TestAPanicAffectsOnlyItsFile(t *testing.T) {
	f := &file{ctx: t.Context(), path: "x", kind: &kind{read: func(*file) error { panic("broken") }}}
	if err := f.parse(); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("err = %v", err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
