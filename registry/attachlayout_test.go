package registry

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// laidOut is an image in a layout of its own, and the folder of that.
func laidOut(t *testing.T) (Reference, v1.Image, string) {
	t.Helper()
	one := mutate.MediaType(image(t, "linux", "amd64"), types.OCIManifestSchema1)
	dir := t.TempDir()
	path, err := ocilayout.Write(dir, empty.Index)
	must(t, err)
	must(t, path.AppendImage(one, ocilayout.WithAnnotations(map[string]string{refName: "one", "org.example.kept": "<&>"})))
	return parsed(t, "oci:"+dir+"@"+digest(t, one)), one, dir
}

func TestALayoutIsAttachedTo(t *testing.T) {
	ref, one, dir := laidOut(t)
	must(t, os.Chmod(filepath.Join(dir, "index.json"), 0o640))
	attached, err := ref.Attach(limited(t), ref.Digest, newAttachment("a"))
	must(t, err)
	again, err := ref.Attach(limited(t), ref.Digest, newAttachment("a"))
	if err != nil || again != attached {
		t.Errorf("repeated: %s, %v; want %s", again, err, attached)
	}
	documents, failed := ref.AttachedStatements(limited(t), ref.Digest, nil)
	expectDocuments(t, documents, failed, map[string]string{"referrer " + attached: testResult + " " + string(bundleOf("a"))})
	expect(t, "oci:"+dir, digest(t, one), []string{"linux/amd64"}, nil) // still the only image
	expect(t, "oci:"+dir+":one", digest(t, one), nil, nil)

	raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
	must(t, err)
	var index v1.IndexManifest
	must(t, json.Unmarshal(raw, &index))
	if len(index.Manifests) != 2 || index.Manifests[0].Annotations["org.example.kept"] != "<&>" || index.Manifests[1].ArtifactType != BundleType {
		t.Errorf("index.json is %s", raw)
	}
	info, err := os.Stat(filepath.Join(dir, "index.json"))
	must(t, err)
	if info.Mode().Perm() != 0o640 {
		t.Errorf("the mode of index.json became %v", info.Mode())
	}
	left, err := filepath.Glob(filepath.Join(dir, "*", "*", ".prodgate-*"))
	must(t, err)
	here, err := filepath.Glob(filepath.Join(dir, ".prodgate-*"))
	if must(t, err); len(left)+len(here) > 0 {
		t.Errorf("left behind: %v", slices.Concat(left, here))
	}
}

func TestEightAttachedToALayoutInParallelAreListed(t *testing.T) {
	ref, _, _ := laidOut(t)
	inParallel(t, ref, 8)
	if documents, failed := ref.AttachedStatements(limited(t), ref.Digest, nil); len(documents) != 8 || failed != nil {
		t.Errorf("%d are listed, want 8: %v", len(documents), failed)
	}
}

func TestAnAlteredBundleInALayoutIsWrittenAgain(t *testing.T) {
	ref, _, dir := laidOut(t)
	name := filepath.Join(dir, "blobs", "sha256", strings.TrimPrefix(digestOf(bundleOf("a")), "sha256:"))
	must(t, os.WriteFile(name, bundleOf("b"), 0o644))
	_, err := ref.Attach(limited(t), ref.Digest, newAttachment("a"))
	must(t, err)
}

func TestALayoutThatIsNoneIsNotWritten(t *testing.T) {
	ref, one, dir := laidOut(t)
	for name, content := range map[string]string{"an image": `{"mediaType":"` + manifestType + `","manifests":[]}`, "HTML": "<html>"} {
		must(t, os.WriteFile(filepath.Join(dir, "index.json"), []byte(content), 0o644))
		if _, err := ref.Attach(limited(t), digest(t, one), newAttachment("a")); err == nil || !strings.Contains(err.Error(), "index.json: it is not an index") {
			t.Errorf("%s: the error is %v", name, err)
		}
		if raw, err := os.ReadFile(filepath.Join(dir, "index.json")); err != nil || string(raw) != content {
			t.Errorf("%s: it was overwritten with %s, %v", name, raw, err)
		}
	}
}

func TestAnImageWithASubjectIsStillOneOfSeveral(t *testing.T) {
	ref, _, dir := laidOut(t)
	hash, err := v1.NewHash(ref.Digest)
	must(t, err)
	other, ok := mutate.Subject(mutate.MediaType(image(t, "linux", "arm64"), types.OCIManifestSchema1), v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: hash}).(v1.Image)
	if !ok {
		t.Fatal("no image")
	}
	path, err := ocilayout.FromPath(dir)
	must(t, err)
	must(t, path.AppendImage(other))
	fails(t, "oci:"+dir, "the layout holds several images")
}
