package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	ociTypes "github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/prodgate/prodgate/scan/advisories/advisoriestest"
)

// writeAdvisories is the script command advisories DIR: it creates an advisory
// database as of an hour ago, about musl and openssl of Alpine and about lodash of npm.
func writeAdvisories(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	published := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	ts.Check(advisoriestest.Write(dir, time.Now().UTC().Add(-time.Hour), advisoriestest.Content{
		Advisories: map[string]map[string]map[string]any{
			"alpine 3.22": {
				"openssl": {"CVE-2026-2": types.Advisory{FixedVersion: "3.5.1-r0"}, "CVE-2026-3": types.Advisory{FixedVersion: "3.5.2-r0"}},
				"musl":    {"CVE-2026-4": types.Advisory{FixedVersion: "1.2.6-r0"}},
			},
			"npm::GitHub Security Advisory npm": {
				"lodash": {"CVE-2026-5": types.Advisory{VulnerableVersions: []string{"<4.17.21"}, PatchedVersions: []string{"4.17.21"}}},
			},
		},
		Sources: map[string]types.DataSource{
			"alpine 3.22":                       {ID: "alpine", Name: "Alpine Secdb"},
			"npm::GitHub Security Advisory npm": {ID: "ghsa", Name: "GitHub Security Advisory npm"},
		},
		Vulnerabilities: map[string]types.Vulnerability{
			"CVE-2026-2": {Title: "openssl: worst", Severity: "CRITICAL", PublishedDate: &published},
			"CVE-2026-3": {Title: "openssl: bad", Severity: "HIGH", PublishedDate: &published},
			"CVE-2026-4": {Title: "musl: small", Severity: "LOW"},
			"CVE-2026-5": {Title: "lodash: bad", Severity: "HIGH"},
		},
	}))
}

// pushAlpine is the script command pushalpine REPOSITORY:TAG PACKAGE=VERSION…: it
// pushes an image of Alpine 3.22 with those packages.
func pushAlpine(ts *testscript.TestScript, _ bool, args []string) {
	var installed strings.Builder
	for _, arg := range args[1:] {
		pkg, version, _ := strings.Cut(arg, "=")
		fmt.Fprintf(&installed, "P:%s\nV:%s\nA:x86_64\no:%s\n\n", pkg, version, pkg)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, file := range [][2]string{
		{"etc/os-release", "ID=alpine\nVERSION_ID=3.22.1\n"}, {"etc/alpine-release", "3.22.1\n"}, {"lib/apk/db/installed", installed.String()},
	} {
		ts.Check(w.WriteHeader(&tar.Header{Name: file[0], Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(file[1]))}))
		_, err := w.Write([]byte(file[1]))
		ts.Check(err)
	}
	ts.Check(w.Close())
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	ts.Check(err)
	image, err := mutate.AppendLayers(empty.Image, layer)
	ts.Check(err)
	config, err := image.ConfigFile()
	ts.Check(err)
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	image, err = mutate.ConfigFile(image, config)
	ts.Check(err)
	pushImage(ts, args[0], image)
	digest, err := image.Digest()
	ts.Check(err)
	ts.Setenv("TARGET", ts.Getenv("DIGEST"))
	ts.Setenv("DIGEST", digest.String())
}

// attach is the script command attach REPOSITORY FILE: it attaches a CycloneDX
// SBOM to the last image pushed, as a referrer.
func attach(ts *testscript.TestScript, _ bool, args []string) {
	repository, err := name.NewRepository(ts.Getenv("REGISTRY") + "/" + args[0])
	ts.Check(err)
	about, err := remote.Get(repository.Digest(ts.Getenv("DIGEST")))
	ts.Check(err)
	const cycloneDX = "application/vnd.cyclonedx+json"
	layer := static.NewLayer([]byte(ts.ReadFile(args[1])), cycloneDX)
	image, err := mutate.Append(mutate.ConfigMediaType(mutate.MediaType(empty.Image, ociTypes.OCIManifestSchema1), cycloneDX), mutate.Addendum{Layer: layer, MediaType: cycloneDX})
	ts.Check(err)
	referrer, ok := mutate.Subject(image, about.Descriptor).(v1.Image)
	if !ok {
		ts.Fatalf("no image: %T", referrer)
	}
	digest, err := referrer.Digest()
	ts.Check(err)
	ts.Check(remote.Write(repository.Digest(digest.String()), referrer))
}

func pushImage(ts *testscript.TestScript, tag string, image v1.Image) {
	ref, err := name.ParseReference(ts.Getenv("REGISTRY") + "/" + tag)
	ts.Check(err)
	ts.Check(remote.Write(ref, image))
}
