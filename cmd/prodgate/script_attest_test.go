package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/prodgate/prodgate/registry"
)

// attachBundleFile is the script command attachbundle REPOSITORY FILE [TYPE]: it
// attaches any bundle to the last image pushed, as anyone who can push may do.
func attachBundleFile(ts *testscript.TestScript, _ bool, args []string) {
	ref, err := registry.Parse(ts.Getenv("REGISTRY")+"/"+args[0], registry.Options{})
	ts.Check(err)
	attachment := registry.NewAttachment{Bundle: []byte(ts.ReadFile(args[1]))}
	if len(args) > 2 {
		attachment.PredicateType = args[2]
	}
	_, err = ref.Attach(context.Background(), ts.Getenv("DIGEST"), attachment)
	ts.Check(err)
}

// attachEnvelope is the script command attachenvelope REPOSITORY FILE TYPE: it writes
// the envelope of a bundle where cosign 2 does.
func attachEnvelope(ts *testscript.TestScript, _ bool, args []string) {
	var bundle struct{ DsseEnvelope json.RawMessage }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &bundle))
	const envelope = "application/vnd.dsse.envelope.v1+json"
	image, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mutate.Addendum{
		Layer: static.NewLayer(bundle.DsseEnvelope, envelope), MediaType: envelope,
		Annotations: map[string]string{"dev.cosignproject.cosign/signature": "", "predicateType": args[2]},
	})
	ts.Check(err)
	tag, err := name.NewTag(ts.Getenv("REGISTRY") + "/" + args[0] + ":" + strings.Replace(ts.Getenv("DIGEST"), ":", "-", 1) + ".att")
	ts.Check(err)
	ts.Check(remote.Write(tag, image))
}

// unsign is the script command unsign BUNDLE FILE: it writes the bundle without its
// signatures.
func unsign(ts *testscript.TestScript, _ bool, args []string) {
	var bundle map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &bundle))
	bundle["dsseEnvelope"].(map[string]any)["signatures"] = []any{}
	text, err := json.Marshal(bundle)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), text, 0o600))
}

// setKey is the script command setkey VARIABLE FILE: the content of a file is the value
// of a variable.
func setKey(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], ts.ReadFile(args[1]))
}

// refuseWrites is the script command refusewrites: $REGISTRY becomes a registry with the
// same images that refuses every write.
func refuseWrites(ts *testscript.TestScript, _ bool, _ []string) {
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: ts.Getenv("REGISTRY")})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, `{"errors":[{"code":"DENIED","message":"read only"}]}`, http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	ts.Defer(server.Close)
	ts.Setenv("REGISTRY", strings.Replace(strings.TrimPrefix(server.URL, "http://"), "127.0.0.1", "localhost", 1))
}
