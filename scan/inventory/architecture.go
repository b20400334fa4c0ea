package inventory

import (
	"slices"
	"strings"
)

// architectures are those that rpm packages are built for.
var architectures = []string{
	"noarch", "x86_64", "x86_64_v2", "i386", "i486", "i586", "i686", "aarch64", "armv7hl", "armv6hl", "ppc", "ppc64", "ppc64le",
	"s390", "s390x", "riscv64", "loongarch64", "ia64",
}

// aliases are other names for architectures: Go's, Debian's and Windows'.
var aliases = map[string]string{
	"amd64": "x86_64", "x86-64": "x86_64", "x64": "x86_64", "arm64": "aarch64", "arm64/v8": "aarch64", "ppc64el": "ppc64le",
}

// Architecture is word in rpm's spelling (x86_64, aarch64, noarch, …). It is empty
// where word names no architecture that an rpm package can be installed for:
// nothing, "(none)", that of a source package.
func Architecture(word string) string {
	word = strings.ToLower(strings.TrimSpace(word))
	if known, ok := aliases[word]; ok {
		word = known
	}
	if !slices.Contains(architectures, word) {
		return ""
	}
	return word
}

// CutArchitecture takes the architecture off an rpm package's version, where some
// tools write it (1.1.1k-7.el8.x86_64, also before .rpm). Of a source package's
// (….src) it is empty.
func CutArchitecture(version string) (rest, arch string) {
	rest = strings.TrimSuffix(version, ".rpm")
	i := strings.LastIndexByte(rest, '.')
	if i < 0 {
		return version, ""
	}
	word := rest[i+1:]
	arch = Architecture(word)
	if arch == "" && word != "src" && word != "nosrc" {
		return version, ""
	}
	return rest[:i], arch
}
