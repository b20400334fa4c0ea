package report

import (
	"fmt"
	"slices"

	"github.com/prodgate/prodgate/facts"
)

// distributions are those that Trivy has advisories for. For any other it
// reports packages and no vulnerabilities, which is not the same as none.
var distributions = []string{
	"alma", "alpine", "amazon", "azurelinux", "bottlerocket", "cbl-mariner", "centos", "chainguard", "coreos",
	"debian", "echo", "minimos", "opensuse-leap", "opensuse-tumbleweed", "opensuse.leap", "opensuse.tumbleweed",
	"oracle", "photon", "redhat", "rocky", "slem", "sles", "suse linux enterprise micro",
	"suse linux enterprise server", "ubuntu", "wolfi",
}

// languages are the kinds of packages that Trivy has advisories for.
var languages = []string{
	"bitnami", "bun", "bundler", "cargo", "cocoapods", "composer", "composer-vendor", "conan", "dotnet-core",
	"gemspec", "gobinary", "gomod", "gradle", "hex", "jar", "javascript", "julia", "kubernetes", "node-pkg", "npm",
	"nuget", "packages-props", "pip", "pipenv", "pnpm", "poetry", "pom", "pub", "python-pkg", "rustbinary", "sbt",
	"swift", "uv", "yarn",
}

// undetermined is what the scanner could not judge.
func (r trivy) undetermined() []facts.Undetermined {
	list := []facts.Undetermined{}
	note := func(name, version, format string, args ...any) {
		list = append(list, facts.Undetermined{Package: name, Version: version, Reason: fmt.Sprintf(format, args...)})
	}
	var judged, distribution bool
	for _, res := range r.Results {
		switch res.Class {
		case osPackages:
			judged, distribution = true, true
			if !slices.Contains(distributions, res.Type) {
				note(fallback(res.Target, "image"), "", "the scanner has no advisories for the distribution %q", res.Type)
			}
		case languagePackages:
			judged = true
			if !slices.Contains(languages, res.Type) {
				note(fallback(res.Target, "image"), "", "the scanner has no advisories for packages of type %q", res.Type)
			}
		}
	}
	if os := r.Metadata.OS; os != nil && os.Family != "none" {
		if os.EOSL {
			note(fallback(os.Family, "distribution"), os.Name, "the distribution is not supported any more and gets no advisories")
		}
		if !distribution {
			note(fallback(os.Family, "distribution"), os.Name, "the report has no result for the distribution's packages")
		}
	}
	if !judged {
		note("image", "", "the scanner recognised no package in the image")
	}
	return list
}

// fallback returns text, or word if text is empty.
func fallback(text, word string) string {
	if text == "" {
		return word
	}
	return text
}
