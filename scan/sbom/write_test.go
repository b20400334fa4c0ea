package sbom

import (
	"bytes"
	"testing"
	"time"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/prodgate/prodgate/scan/inventory"
)

func TestWhatIsWrittenIsReadBackToTheSamePackages(t *testing.T) {
	image := &inventory.Inventory{
		Digest: "sha256:1111111111111111111111111111111111111111111111111111111111111111", Platform: "linux/amd64", Kind: inventory.KindImage,
		OS: &inventory.OS{Family: "debian", Name: "12.8"},
		Packages: []inventory.Package{
			{Class: inventory.ClassOS, Type: "debian", Name: "libc6", Version: "2.36", Release: "9+deb12u9", Arch: "amd64", SrcName: "glibc", SrcVersion: "2.36", SrcRelease: "9+deb12u9"},
			{Class: inventory.ClassOS, Type: "debian", Name: "bsdutils", Version: "2.38.1", Release: "5", Epoch: 1, Arch: "amd64", SrcName: "util-linux", SrcVersion: "2.38.1", SrcRelease: "5"},
			{Class: inventory.ClassLanguage, Type: "node-pkg", Name: "@babel/core", Version: "7.0.0", FilePath: "app/node_modules/@babel/core/package.json"},
			{Class: inventory.ClassLanguage, Type: "jar", Name: "org.example:core", Version: "1.0", FilePath: "app/a.jar"},
			{Class: inventory.ClassLanguage, Type: "gobinary", Name: "github.com/foo/bar", Version: "v1.2.3", FilePath: "usr/bin/app"},
		},
	}
	image.Sort()
	bom, refs := Write("registry.example.com/app:1", time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), image)
	if len(refs) != len(image.Packages) {
		t.Errorf("%d references for %d packages", len(refs), len(image.Packages))
	}
	var out bytes.Buffer
	if err := cyclonedx.NewBOMEncoder(&out, cyclonedx.BOMFileFormatJSON).Encode(bom); err != nil {
		t.Fatal(err)
	}
	sboms, err := Read("bom.json", out.Bytes())
	if err != nil || len(sboms) != 1 {
		t.Fatalf("read %d SBOMs back, %v", len(sboms), err)
	}
	got := sboms[0]
	if got.Digest != image.Digest {
		t.Errorf("the SBOM is about %q", got.Digest)
	}
	if diff := cmp.Diff(image.OS, got.OS); diff != "" {
		t.Errorf("distribution (-written +read)\n%s", diff)
	}
	got.Sort()
	for _, inv := range []*inventory.Inventory{image, got} {
		for i, p := range inv.Packages { // a package URL does not tell version and revision apart
			p.Version, p.SrcVersion = p.FullVersion(), p.FullSrcVersion()
			p.Release, p.Epoch, p.SrcRelease, p.SrcEpoch = "", 0, "", 0
			inv.Packages[i] = p
		}
	}
	ignored := cmpopts.IgnoreFields(inventory.Package{}, "PURL", "Target")
	if diff := cmp.Diff(image.Packages, got.Packages, ignored); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	if len(got.Unread) != 0 {
		t.Errorf("unread: %v", got.Unread)
	}
}

func TestWhatAnSBOMLeavesOutIsNotWrittenInItsPlace(t *testing.T) {
	first := only(t, cdx(
		`{"type":"operating-system","name":"rocky","version":"9.4"}`,
		`{"type":"library","name":"dbus","version":"1:1.12.8-18.el8","purl":"pkg:rpm/rocky/dbus@1.12.8-18.el8"}`,
	))
	bom, _ := Write("sbom.json", time.Time{}, first)
	var out bytes.Buffer
	if err := cyclonedx.NewBOMEncoder(&out, cyclonedx.BOMFileFormatJSON).Encode(bom); err != nil {
		t.Fatal(err)
	}
	again := only(t, out.String())
	if !first.Unsourced || !again.Unsourced {
		t.Errorf("records no sources: %v, written and read back: %v", first.Unsourced, again.Unsourced)
	}
	if got := again.Packages[0].FullVersion(); got != "1:1.12.8-18.el8" {
		t.Errorf("the version read back is %s", got)
	}
}
