package inventory

import "testing"

func TestAPackageHasTheNameThatToolsShare(t *testing.T) {
	debian := &OS{Family: "debian", Name: "12.8"}
	for _, tt := range []struct {
		name string
		pkg  Package
		os   *OS
		want string
	}{
		{"a distribution's, with its epoch apart", Package{Class: ClassOS, Type: "debian", Name: "bsdutils", Version: "2.38.1", Release: "5+deb12u2", Epoch: 1, Arch: "amd64"}, debian,
			"pkg:deb/debian/bsdutils@2.38.1-5%2Bdeb12u2?arch=amd64&distro=debian-12.8&epoch=1"},
		{"Alpine's, in lower case and with the bare release", Package{Class: ClassOS, Type: "alpine", Name: "Musl", Version: "1.2.5-r0"}, &OS{Family: "alpine", Name: "3.20.1"},
			"pkg:apk/alpine/musl@1.2.5-r0?distro=3.20.1"},
		{"a module's of Red Hat", Package{Class: ClassOS, Type: "redhat", Name: "nodejs", Version: "18.1", Release: "1.el8", ModularityLabel: "nodejs:18:8:a"}, &OS{Family: "redhat", Name: "8.9"},
			"pkg:rpm/redhat/nodejs@18.1-1.el8?distro=redhat-8.9&modularitylabel=nodejs:18:8:a"},
		{"SUSE's", Package{Class: ClassOS, Type: "sles", Name: "zlib", Version: "1.2"}, &OS{Family: "sles", Name: "15.5"},
			"pkg:rpm/suse/zlib@1.2?distro=sles-15.5"},
		{"Maven's", Package{Class: ClassLanguage, Type: "jar", Name: "org.example:core", Version: "1.0"}, debian, "pkg:maven/org.example/core@1.0"},
		{"a scope of npm", Package{Class: ClassLanguage, Type: "node-pkg", Name: "@babel/core", Version: "7.0.0"}, nil, "pkg:npm/%40babel/core@7.0.0"},
		{"Go's", Package{Class: ClassLanguage, Type: "gobinary", Name: "github.com/Foo/bar", Version: "v1.2.3"}, nil, "pkg:golang/github.com/foo/bar@v1.2.3"},
		{"Python's", Package{Class: ClassLanguage, Type: "python-pkg", Name: "Typing_Extensions", Version: "4.0"}, nil, "pkg:pypi/typing-extensions@4.0"},
		{"what an SBOM gave", Package{PURL: "pkg:generic/x@1"}, nil, "pkg:generic/x@1"},
		{"a kind without one", Package{Class: ClassLanguage, Type: "wasm", Name: "x"}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.pkg.PackageURL(tt.os); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
}
