package purl

import (
	"testing"

	"github.com/package-url/packageurl-go"
)

func TestEachInstalledKindHasItsType(t *testing.T) {
	for kind, name := range installed {
		if got := Language(name); got != kind {
			t.Errorf("Language(%q) = %q, want %q", name, got, kind)
		}
	}
	for namespace, name := range vendors {
		if got := Language(name); got != kubernetes {
			t.Errorf("Language(%q) = %q, want %q", name, got, kubernetes)
		}
		if got, ok := Kind(packageurl.PackageURL{Type: kubernetes, Namespace: namespace}); !ok || got != name {
			t.Errorf("the kind of a part of %q is %q, %v", namespace, got, ok)
		}
	}
	for name, kind := range languages {
		if _, ok := Kind(packageurl.PackageURL{Type: kind}); !ok {
			t.Errorf("%s has the type %s, of which no kind is known", name, kind)
		}
	}
}

func TestOnlyLanguagesHaveAKind(t *testing.T) {
	for _, p := range []packageurl.PackageURL{
		{Type: "deb"}, {Type: "oci"}, {Type: "generic"}, {}, {Type: kubernetes, Namespace: "example"},
	} {
		if kind, ok := Kind(p); ok {
			t.Errorf("the kind of %q in %q is %q", p.Type, p.Namespace, kind)
		}
	}
}

func TestDistributionsHaveAPackageManager(t *testing.T) {
	for family, kind := range distributions {
		if IsSystem(kind) != (family != "bottlerocket") || IsImage(kind) {
			t.Errorf("packages of %s have the type %q", family, kind)
		}
	}
	if got := Distribution("plan9"); got != "" {
		t.Errorf("packages of an unknown distribution have the type %q", got)
	}
}

// FuzzParse shows that no text makes Parse panic.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "pkg:", "pkg:npm/%40babel/core@7.0.0?a=b#c", "pkg:deb/debian/x@1?arch=%zz", "pkg:oci/app@sha256%3A00", "pkg://a//b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := Parse(text); err == nil && p.Name == "" {
			t.Errorf("Parse(%q) gives a package without a name: %+v", text, p)
		}
	})
}
