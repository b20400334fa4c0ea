// Package purl maps between the scanner's kinds of packages and the types of
// package URLs (github.com/package-url/purl-spec), and parses package URLs. It is
// the only place that knows such a mapping. It must not import other packages of the
// scanner.
package purl

import (
	"fmt"

	"github.com/package-url/packageurl-go"
)

// kubernetes is the type of the parts of a cluster; packageurl-go has no name for it.
const kubernetes = "k8s"

// distributions maps a distribution, as trivy-db names it, to the type of its
// packages.
var distributions = map[string]string{
	"debian": packageurl.TypeDebian, "echo": packageurl.TypeDebian, "ubuntu": packageurl.TypeDebian,

	"alpine": packageurl.TypeApk, "chainguard": packageurl.TypeApk, "minimos": packageurl.TypeApk, "wolfi": packageurl.TypeApk,

	"alma": packageurl.TypeRPM, "amazon": packageurl.TypeRPM, "azurelinux": packageurl.TypeRPM, "cbl-mariner": packageurl.TypeRPM,
	"centos": packageurl.TypeRPM, "centos-stream": packageurl.TypeRPM, "fedora": packageurl.TypeRPM, "opensuse": packageurl.TypeRPM,
	"opensuse-leap": packageurl.TypeRPM, "opensuse-tumbleweed": packageurl.TypeRPM, "oracle": packageurl.TypeRPM,
	"photon": packageurl.TypeRPM, "redhat": packageurl.TypeRPM, "rocky": packageurl.TypeRPM, "slem": packageurl.TypeRPM, "sles": packageurl.TypeRPM,

	"bottlerocket": "bottlerocket",
}

// languages maps a kind of language package, as Trivy names it, to its type.
var languages = map[string]string{
	"npm": packageurl.TypeNPM, "node-pkg": packageurl.TypeNPM, "yarn": packageurl.TypeNPM, "pnpm": packageurl.TypeNPM,
	"bun": packageurl.TypeNPM, "javascript": packageurl.TypeNPM,
	"pip": packageurl.TypePyPi, "pipenv": packageurl.TypePyPi, "poetry": packageurl.TypePyPi, "uv": packageurl.TypePyPi,
	"pylock": packageurl.TypePyPi, "python-pkg": packageurl.TypePyPi,
	"bundler": packageurl.TypeGem, "gemspec": packageurl.TypeGem,
	"cargo": packageurl.TypeCargo, "rustbinary": packageurl.TypeCargo,
	"composer": packageurl.TypeComposer, "composer-vendor": packageurl.TypeComposer,
	"gobinary": packageurl.TypeGolang, "gomod": packageurl.TypeGolang,
	"jar": packageurl.TypeMaven, "pom": packageurl.TypeMaven, "gradle": packageurl.TypeMaven, "sbt": packageurl.TypeMaven,
	"nuget": packageurl.TypeNuget, "dotnet-core": packageurl.TypeNuget, "packages-props": packageurl.TypeNuget,
	"conan": packageurl.TypeConan, "cocoapods": packageurl.TypeCocoapods, "swift": packageurl.TypeSwift,
	"hex": packageurl.TypeHex, "pub": packageurl.TypePub, "julia": packageurl.TypeJulia, "bitnami": packageurl.TypeBitnami,
	"conda-pkg": packageurl.TypeConda, "conda-environment": packageurl.TypeConda,
	"kubernetes": kubernetes, "eks": kubernetes, "gke": kubernetes, "aks": kubernetes, "ocp": kubernetes, "rke": kubernetes,
}

// installed maps a type to the kind of an installed package that belongs to no
// application: the inverse of languages without lock files.
var installed = map[string]string{
	packageurl.TypeBitnami: "bitnami", packageurl.TypeCargo: "cargo", packageurl.TypeCocoapods: "cocoapods",
	packageurl.TypeComposer: "composer", packageurl.TypeConan: "conan", packageurl.TypeConda: "conda-pkg",
	packageurl.TypeGem: "gemspec", packageurl.TypeGolang: "gobinary", packageurl.TypeHex: "hex", packageurl.TypeJulia: "julia",
	packageurl.TypeMaven: "jar", packageurl.TypeNPM: "node-pkg", packageurl.TypeNuget: "nuget", packageurl.TypePub: "pub",
	packageurl.TypePyPi: "python-pkg", packageurl.TypeSwift: "swift",
}

// vendors maps the namespace of a part of a cluster to its kind.
var vendors = map[string]string{"": "kubernetes", "eks": "eks", "gke": "gke", "aks": "aks", "ocp": "ocp"}

// Distribution returns the type of a distribution's packages. family is trivy-db's
// name; the type of an unknown one is "".
func Distribution(family string) string { return distributions[family] }

// Language returns the type of a kind of language package, as Trivy names it: pip,
// node-pkg, jar. It is "" for a kind that has no type.
func Language(kind string) string { return languages[kind] }

// Kind returns the kind of the language package p, as Trivy names it, if it belongs
// to no application. It is not ok for a type that is not a language's.
func Kind(p packageurl.PackageURL) (kind string, ok bool) {
	if p.Type == kubernetes {
		kind, ok = vendors[p.Namespace]
		return kind, ok
	}
	kind, ok = installed[p.Type]
	return kind, ok
}

// IsSystem reports whether packages of the type are installed by the package manager
// of a distribution: apk, deb, rpm.
func IsSystem(kind string) bool {
	return kind == packageurl.TypeApk || kind == packageurl.TypeDebian || kind == packageurl.TypeRPM
}

// IsImage reports whether the type names container images.
func IsImage(kind string) bool { return kind == packageurl.TypeOCI || kind == packageurl.TypeDocker }

// HasNamespace reports whether the namespace is a part of the names of packages of
// the type. For a part of a cluster it is the vendor.
func HasNamespace(kind string) bool { return kind != kubernetes }

// Parse reads a package URL. packageurl-go panics on some input; a panic is an error
// here.
func Parse(text string) (p packageurl.PackageURL, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			p, err = packageurl.PackageURL{}, fmt.Errorf("invalid package URL: %v", reason)
		}
	}()
	return packageurl.FromString(text)
}
