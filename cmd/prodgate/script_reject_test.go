package main

import (
	"os"
	"regexp"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/testscript"
)

// approveNow is the script command approvenow FILE: the approvals in a file are given
// now, in a later second than everything that was recorded before.
func approveNow(ts *testscript.TestScript, _ bool, args []string) {
	next := time.Now().Truncate(time.Second).Add(time.Second)
	time.Sleep(time.Until(next))
	text := regexp.MustCompile(`approved_at: .*`).ReplaceAllLiteralString(ts.ReadFile(args[0]), "approved_at: "+next.UTC().Format(time.RFC3339))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// pushIndex is the script command pushindex REPOSITORY:TAG: it pushes an index that
// lists the last image pushed, and sets $INDEX to its digest.
func pushIndex(ts *testscript.TestScript, _ bool, args []string) {
	tag, err := name.NewTag(ts.Getenv("REGISTRY")+"/"+args[0], name.Insecure)
	ts.Check(err)
	image, err := remote.Image(tag.Digest(ts.Getenv("DIGEST")))
	ts.Check(err)
	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{Add: image})
	ts.Check(remote.WriteIndex(tag, index))
	digest, err := index.Digest()
	ts.Check(err)
	ts.Setenv("INDEX", digest.String())
}
