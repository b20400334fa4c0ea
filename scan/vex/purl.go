package vex

import (
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/prodgate/prodgate/scan/purl"
)

// matches reports whether the package URL pattern names the package: the same type,
// namespace and name; the same version, qualifiers and subpath as far as the
// pattern has any.
func matches(pattern, name string) bool {
	if pattern == name {
		return true
	}
	p, ok := parse(pattern)
	n, same := parse(name)
	if !ok || !same || p.Type != n.Type || p.Namespace != n.Namespace || p.Name != n.Name {
		return false
	}
	if p.Version != "" && p.Version != n.Version || p.Subpath != "" && p.Subpath != n.Subpath {
		return false
	}
	has := n.Qualifiers.Map()
	for _, q := range p.Qualifiers {
		if value, ok := has[q.Key]; !ok || value != q.Value {
			return false
		}
	}
	return true
}

// parse reads a package URL; ok is false for any other text.
func parse(text string) (p packageurl.PackageURL, ok bool) {
	if !isPURL(text) {
		return p, false
	}
	p, err := purl.Parse(text)
	return p, err == nil
}

func isPURL(text string) bool { return strings.HasPrefix(text, "pkg:") }

// digestOf is the digest that the package URL of an image names, or nil.
func digestOf(product string) *string {
	p, ok := parse(product)
	if !ok || !purl.IsImage(p.Type) {
		return nil
	}
	return digest(p.Version)
}

// digest returns text if it is "sha256:" and 64 lower-case hex digits, else nil.
func digest(text string) *string {
	hex, ok := strings.CutPrefix(text, "sha256:")
	if !ok || len(hex) != 64 || strings.Trim(hex, "0123456789abcdef") != "" {
		return nil
	}
	return &text
}

// image reports whether a package URL names an image, of which packages are parts.
func image(product string) bool {
	p, ok := parse(product)
	return ok && purl.IsImage(p.Type)
}
