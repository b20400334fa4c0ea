package scan

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	ociTypes "github.com/google/go-containerregistry/pkg/v1/types"
)

func TestEntriesThatAreNotImagesAreListedAndNotScanned(t *testing.T) {
	s := open(t, "linux/amd64", "linux/arm64")
	ref, err := name.ParseReference(s.reference)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(ref)
	if err != nil {
		t.Fatal(err)
	}
	chart := mutate.ConfigMediaType(mutate.MediaType(empty.Image, ociTypes.OCIManifestSchema1), "application/vnd.cncf.helm.config.v1+json")
	index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: chart, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux"}}})
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	digest, err := chart.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for _, platforms := range [][]string{nil, {"linux/amd64"}} {
		scans, err := Image(context.Background(), s.reference, Options{Database: database(t), Platforms: platforms})
		if err != nil {
			t.Fatal(err)
		}
		others := 0
		for _, scan := range scans {
			others += len(scan.Others)
			if len(scan.Findings) != 1 {
				t.Errorf("%v: %s has findings %+v", platforms, scan.Inventory.Platform, scan.Findings)
			}
		}
		if others != 1 || scans[0].Others[0].Digest != digest.String() || !strings.Contains(scans[0].Others[0].Reason, "helm") {
			t.Errorf("%v: passed over %+v", platforms, scans[0].Others)
		}
	}
}
