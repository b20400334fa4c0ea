package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	ociTypes "github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/advisories/advisoriestest"
)

// pushDatabase is the script command pushdb REPOSITORY:TAG TIME: it pushes a
// small advisory database as of that time.
func pushDatabase(ts *testscript.TestScript, _ bool, args []string) {
	updated, err := time.Parse(time.RFC3339, args[1])
	ts.Check(err)
	dir, err := os.MkdirTemp(ts.Getenv("WORK"), "made-")
	ts.Check(err)
	ts.Check(advisoriestest.Write(dir, updated, advisoriestest.Content{
		Sources:         map[string]types.DataSource{"debian 12": {ID: "debian"}},
		Vulnerabilities: map[string]types.Vulnerability{"CVE-2026-1": {Title: args[1]}},
	}))
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, file := range []string{advisories.FileName, advisories.MetadataFileName} {
		raw, err := os.ReadFile(filepath.Join(dir, file))
		ts.Check(err)
		ts.Check(w.WriteHeader(&tar.Header{Name: file, Mode: 0o600, Size: int64(len(raw))}))
		_, err = w.Write(raw)
		ts.Check(err)
	}
	ts.Check(w.Close())
	ts.Check(z.Close())
	const layerType = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"
	image, err := mutate.Append(mutate.MediaType(empty.Image, ociTypes.OCIManifestSchema1),
		mutate.Addendum{Layer: static.NewLayer(b.Bytes(), layerType), MediaType: layerType})
	ts.Check(err)
	ref, err := name.ParseReference(ts.Getenv("REGISTRY") + "/" + args[0])
	ts.Check(err)
	ts.Check(remote.Write(ref, image))
}

func TestProgressIsOneLineAndIsCleared(t *testing.T) {
	std, _, errs := alone(t)
	at := time.Now()
	std.clock = func() time.Time { return at }
	p := newTransferLine(std, true)
	p.show("mirror", 0, 10<<20)
	p.show("mirror", 1<<20, 10<<20) // too soon
	at = at.Add(often)
	p.show("mirror", 5<<20, 10<<20)
	p.show("mirror", 10<<20, 10<<20)
	p.clear()
	want := "\r\x1b[Kmirror: 0.0 of 10.0 MiB (0%)\r\x1b[Kmirror: 5.0 of 10.0 MiB (50%)\r\x1b[Kmirror: 10.0 of 10.0 MiB (100%)\r\x1b[K"
	if got := errs.String(); got != want {
		t.Errorf("shown is %q, want %q", got, want)
	}
	errs.Reset()
	at = at.Add(often)
	p = newTransferLine(std, true)
	p.show("registry.example.com/shop/payments-api:7a3f9c2", 3<<20, 0)
	if got, want := errs.String(), "\r\x1b[K…y.example.com/shop/payments-api:7a3f9c2: 3.0 MiB"; got != want {
		t.Errorf("of a long name and a size that nobody knows, shown is %q, want %q", got, want)
	}
	errs.Reset()
	p = newTransferLine(std, false)
	p.show("mirror", 5, 10)
	p.clear()
	if errs.Len() != 0 {
		t.Errorf("without a terminal, shown is %q", errs)
	}
}

func TestUserCacheFolder(t *testing.T) {
	for _, tt := range []struct {
		env         []string
		named, want string
	}{
		{[]string{"XDG_CACHE_HOME=/var/cache/me", "HOME=/home/me"}, "", "/var/cache/me/prodgate/db"},
		{[]string{"XDG_CACHE_HOME=relative", "HOME=/home/me"}, "", "prodgate/db"},
		{[]string{"HOME=/home/me"}, "", "prodgate/db"},
		{[]string{"HOME=/home/me", "PRODGATE_DB=/srv/db"}, "", "/srv/db"},
		{[]string{"HOME=/home/me", "PRODGATE_DB=/srv/db"}, "db", "db"},
		{nil, "db", "db"},
	} {
		std, _, _ := alone(t)
		std.env = tt.env
		cmd := newDBStatus(std)
		if tt.named != "" {
			if err := cmd.Flags().Set("db", tt.named); err != nil {
				t.Fatal(err)
			}
		}
		dir, err := namedDatabase(cmd, std)
		if err != nil || !filepath.IsAbs(dir) || !strings.HasSuffix(filepath.ToSlash(dir), tt.want) {
			t.Errorf("%v %q: %q, %v", tt.env, tt.named, dir, err)
		}
	}
}
