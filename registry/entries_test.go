package registry

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	imageConfig = "application/vnd.oci.image.config.v1+json"
	emptyConfig = "application/vnd.oci.empty.v1+json"
	helmConfig  = "application/vnd.cncf.helm.config.v1+json"
	manifestV1  = "application/vnd.oci.image.manifest.v1+json"
	diffID      = `"sha256:2210917578aaa882e5509cb5787c7a6f490f87c1e6d81a11e7ec5ebc9c1e86db"`
)

// amd64 is the configuration of an image of one layer.
const amd64 = `{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[` + diffID + `]}}`

// shelf is an OCI layout that is written by hand.
type shelf struct {
	t   *testing.T
	dir string
}

func newShelf(t *testing.T) shelf {
	t.Helper()
	s := shelf{t, t.TempDir()}
	must(t, os.MkdirAll(filepath.Join(s.dir, "blobs", "sha256"), 0o755))
	return s
}

// put stores content, and returns its digest.
func (s shelf) put(content string) string {
	digest := digestOf([]byte(content))
	must(s.t, os.WriteFile(s.file(digest), []byte(content), 0o644))
	return digest
}

func (s shelf) file(digest string) string {
	return filepath.Join(s.dir, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
}

// manifest stores a manifest of one layer, and returns its digest. more is what
// stands in it besides.
func (s shelf) manifest(configType, config, more string) string {
	return s.put(fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q%s,"config":{"mediaType":%q,"digest":%q},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":%q}]}`,
		manifestV1, more, configType, s.put(config), s.put("a layer")))
}

// entry is an entry of an index; more is what stands in it besides, platforms are
// os/arch.
func entryOf(digest, os, arch, more string) string {
	text := fmt.Sprintf(`{"mediaType":%q,"digest":%q%s`, manifestV1, digest, more)
	if os+arch != "" {
		text += fmt.Sprintf(`,"platform":{"os":%q,"architecture":%q}`, os, arch)
	}
	return text + "}"
}

// index tags an index of entries, and returns a reference to it.
func (s shelf) index(entries ...string) string {
	index := s.put(`{"schemaVersion":2,"manifests":[` + strings.Join(entries, ",") + `]}`)
	must(s.t, os.WriteFile(filepath.Join(s.dir, "index.json"), []byte(fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"digest":%q}]}`, index)), 0o644))
	return "oci:" + s.dir
}

// listed is what an index lists: "os/arch digest" of images, digests of others.
func listed(t *testing.T, reference string, wanted ...string) (images, others []string, err error) {
	t.Helper()
	ref, err := Parse(reference, Options{})
	must(t, err)
	m, err := ref.Resolve(context.Background())
	must(t, err)
	var wants func(string) bool
	if len(wanted) > 0 {
		wants = func(platform string) bool { return slices.Contains(wanted, platform) }
	}
	found, err := ref.List(context.Background(), m, wants)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range found.Images {
		images = append(images, p.Platform+" "+p.Digest)
	}
	for _, e := range found.Others {
		if e.Reason == "" {
			t.Errorf("%s is no image, and nobody knows why", e.Digest)
		}
		others = append(others, e.Digest)
	}
	return images, others, nil
}

func TestEntriesThatAreNotImagesAreSkippedByName(t *testing.T) {
	s := newShelf(t)
	image := s.manifest(imageConfig, amd64, "")
	chart := s.manifest(helmConfig, `{"name":"x"}`, "")
	bill := s.manifest(emptyConfig, `{}`, `,"artifactType":"application/spdx+json"`)
	signature := s.manifest(imageConfig, `{"architecture":"","os":""}`, "")
	record := s.manifest(imageConfig, `{"architecture":"unknown","os":"unknown","rootfs":{"diff_ids":[`+diffID+`]}}`, "")
	const artifactType = `,"artifactType":"application/spdx+json"`
	for name, entry := range map[string]string{
		"a chart":                            entryOf(chart, "", "", ""),
		"a chart for a platform":             entryOf(chart, "linux", "amd64", ""),
		"an SBOM":                            entryOf(bill, "", "", ""),
		"an SBOM for half a platform":        entryOf(bill, "linux", "", ""),
		"an SBOM for a platform":             entryOf(bill, "linux", "amd64", ""),
		"an SBOM that says so":               entryOf(bill, "", "", artifactType),
		"an SBOM that says so, for one":      entryOf(bill, "linux", "amd64", artifactType),
		"a signature":                        entryOf(signature, "", "", ""),
		"a record without its label":         entryOf(record, "", "", ""),
		"a record":                           entryOf(record, "unknown", "unknown", ""),
		"what is not there, for no platform": entryOf("sha256:"+strings.Repeat("1", 64), "", "", ""),
		"a blob":                             fmt.Sprintf(`{"mediaType":"application/spdx+json","digest":%q}`, s.put("SPDXVersion: SPDX-2.3")),
		"a blob for a platform":              fmt.Sprintf(`{"mediaType":"application/spdx+json","digest":%q,"platform":{"os":"linux","architecture":"amd64"}}`, s.put("SPDXVersion: SPDX-2.3")),
		"an artifact manifest of old":        fmt.Sprintf(`{"mediaType":"application/vnd.oci.artifact.manifest.v1+json","digest":%q}`, s.put(`{"mediaType":"application/vnd.oci.artifact.manifest.v1+json","blobs":[]}`)),
	} {
		t.Run(name, func(t *testing.T) {
			digest := entry[strings.Index(entry, "sha256:"):][:71]
			for _, wanted := range [][]string{nil, {"linux/amd64"}} {
				images, others, err := listed(t, s.index(entryOf(image, "linux", "amd64", ""), entry), wanted...)
				if err != nil || !slices.Equal(images, []string{"linux/amd64 " + image}) || !slices.Equal(others, []string{digest}) {
					t.Errorf("%v: images %q, others %q, %v", wanted, images, others, err)
				}
			}
			if _, _, err := listed(t, s.index(entry)); err == nil || !strings.Contains(err.Error(), "lists no image") || !strings.Contains(err.Error(), digest) {
				t.Errorf("an index of it alone: %v, want an error that names %s", err, digest)
			}
		})
	}
}

// Whatever a runtime would run is an image, however it is labelled.
func TestAnImageThatIsLabelledOddlyIsListed(t *testing.T) {
	s := newShelf(t)
	first := s.manifest(imageConfig, `{"os":"linux","architecture":"s390x","rootfs":{"diff_ids":[`+diffID+`]}}`, "")
	const artifactType = `,"artifactType":"application/spdx+json"`
	plain, labelled := s.manifest(imageConfig, amd64, ""), s.manifest(imageConfig, amd64, artifactType)
	disguised, docker := s.manifest(emptyConfig, amd64, artifactType), s.manifest("application/vnd.docker.container.image.v1+json", amd64, "")
	noPlatform := s.manifest(helmConfig, `{"rootfs":{"diff_ids":[`+diffID+`]}}`, "")
	for name, tt := range map[string]struct{ digest, entry string }{
		"an artifactType beside a platform":    {plain, entryOf(plain, "linux", "amd64", artifactType)},
		"an artifactType alone":                {plain, entryOf(plain, "", "", artifactType)},
		"an artifactType in the manifest":      {labelled, entryOf(labelled, "", "", "")},
		"half a platform":                      {plain, entryOf(plain, "linux", "", "")},
		"the other half":                       {plain, entryOf(plain, "", "amd64", "")},
		"no platform":                          {plain, entryOf(plain, "", "", "")},
		"another type of configuration":        {disguised, entryOf(disguised, "linux", "amd64", artifactType)},
		"and no platform":                      {disguised, entryOf(disguised, "", "", artifactType)},
		"a configuration without its platform": {noPlatform, entryOf(noPlatform, "linux", "amd64", artifactType)},
		"Docker's type":                        {docker, entryOf(docker, "", "", "")},
		"another spelling":                     {plain, entryOf(plain, "Linux", "x86_64", "")},
		"another type of entry":                {plain, strings.Replace(entryOf(plain, "linux", "amd64", ""), manifestV1, "application/spdx+json", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			for _, wanted := range [][]string{nil, {"linux/amd64"}} {
				images, others, err := listed(t, s.index(entryOf(first, "linux", "s390x", ""), tt.entry), wanted...)
				if err != nil || len(others) != 0 || !slices.Equal(images, []string{"linux/s390x " + first, "linux/amd64 " + tt.digest}) {
					t.Errorf("%v: images %q, others %q, %v", wanted, images, others, err)
				}
			}
		})
	}
}

func TestAnUnidentifiableEntryIsAnErrorWithItsName(t *testing.T) {
	s := newShelf(t)
	image := s.manifest(imageConfig, amd64, "")
	noOS := s.manifest(imageConfig, `{"architecture":"amd64"}`, "")
	layered := s.manifest(helmConfig, `{"rootfs":{"diff_ids":[`+diffID+`]}}`, "")
	noJSON := s.manifest(imageConfig, `{`, "")
	gone := s.manifest(helmConfig, `{"gone":true}`, "")
	must(t, os.Remove(s.file(digestOf([]byte(`{"gone":true}`)))))
	for _, digest := range []string{noOS, layered, noJSON, gone, s.put("{"), s.put("{}")} {
		_, _, err := listed(t, s.index(entryOf(image, "linux", "amd64", ""), entryOf(digest, "", "", "")))
		if err == nil || !strings.Contains(err.Error(), digest) {
			t.Errorf("%v, want an error that names %s", err, digest)
		}
	}
}

func TestEntriesForOtherPlatformsAreNotRead(t *testing.T) {
	s := newShelf(t)
	image, other := s.manifest(imageConfig, amd64, ""), s.put("{")
	reference := s.index(entryOf(image, "linux", "amd64", ""), entryOf(other, "linux", "arm64", ""))
	images, _, err := listed(t, reference, "linux/amd64")
	if err != nil || len(images) != 2 {
		t.Errorf("images %q, %v", images, err)
	}
	if _, _, err := listed(t, reference); err == nil || !strings.Contains(err.Error(), other) {
		t.Errorf("%v, want an error that names %s", err, other)
	}
	must(t, os.Remove(s.file(other))) // as in a copy of the index for one platform
	if images, _, err := listed(t, reference); err != nil || len(images) != 2 {
		t.Errorf("images %q, %v", images, err)
	}
}
