package language

import (
	"path"
	"strings"
)

// kind is one kind of file that names packages.
type kind struct {
	name string // the packages' Type; empty where the file itself says
	is   func(name, base string) bool
	read func(*file) error
}

// kinds are all that are recognised by their path; programs are recognised by
// what they begin with. Cargo.lock, packages.lock.json and Julia's Manifest.toml
// are the lock files that Trivy reads in an image, too; all others it leaves to
// what is really installed.
var kinds = []*kind{
	{"node-pkg", baseIs("package.json"), readNodePackage},
	{"python-pkg", isPythonMetadata, readPythonMetadata},
	{"python-pkg", endsWith(".egg"), readEgg},
	{"jar", isJar, readJar},
	{"gemspec", isGemspec, readGemspec},
	{"composer-vendor", baseIs("installed.json"), readComposer},
	{"dotnet-core", endsWith(".deps.json"), readDotnetDeps},
	{"nuget", baseIs("packages.lock.json"), readNugetLock},
	{"nuget", baseIs("packages.config"), readNugetConfig},
	{"packages-props", isPackagesProps, readPackagesProps},
	{"cargo", baseIs("Cargo.lock"), readCargoLock},
	{"julia", baseIs("Manifest.toml"), readJuliaManifest},
	{"conda-pkg", isCondaMeta, readConda},
	{"bitnami", isBitnami, readBitnami},
	{"", isSBOM, readSBOM},
}

// kindOf returns which kind a file is of by its path, or nil: none.
func kindOf(name string) *kind {
	base := path.Base(name)
	for _, k := range kinds {
		if k.is(name, base) {
			return k
		}
	}
	return nil
}

func baseIs(want string) func(string, string) bool {
	return func(_, base string) bool { return base == want }
}

func endsWith(suffix string) func(string, string) bool {
	return func(name, _ string) bool { return strings.HasSuffix(name, suffix) }
}
