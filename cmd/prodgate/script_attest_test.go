package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/sigstoretest"
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
	var bundle keylessBundle
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &bundle))
	annotations, err := bundle.annotations()
	ts.Check(err)
	annotations["dev.cosignproject.cosign/signature"], annotations["predicateType"] = "", args[2]
	const envelope = "application/vnd.dsse.envelope.v1+json"
	image, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mutate.Addendum{
		Layer: static.NewLayer(bundle.DsseEnvelope, envelope), MediaType: envelope,
		Annotations: annotations,
	})
	ts.Check(err)
	tag, err := name.NewTag(ts.Getenv("REGISTRY") + "/" + args[0] + ":" + strings.Replace(ts.Getenv("DIGEST"), ":", "-", 1) + ".att")
	ts.Check(err)
	ts.Check(remote.Write(tag, image))
}

// keylessBundle is the part of a bundle that cosign 2 can store.
type keylessBundle struct {
	DsseEnvelope         json.RawMessage
	VerificationMaterial struct {
		Certificate *struct{ RawBytes []byte }
		TlogEntries []struct {
			LogIndex, IntegratedTime int64 `json:",string"`
			LogID                    struct{ KeyID []byte }
			InclusionPromise         struct{ SignedEntryTimestamp []byte }
			CanonicalizedBody        []byte
		}
	}
}

// annotations are the certificate and the log entry, as cosign 2 writes them.
func (b keylessBundle) annotations() (map[string]string, error) {
	m := b.VerificationMaterial
	if m.Certificate == nil {
		return map[string]string{}, nil
	}
	e := m.TlogEntries[0]
	entry, err := json.Marshal(map[string]any{
		"SignedEntryTimestamp": e.InclusionPromise.SignedEntryTimestamp,
		"Payload":              map[string]any{"body": e.CanonicalizedBody, "integratedTime": e.IntegratedTime, "logIndex": e.LogIndex, "logID": hex.EncodeToString(e.LogID.KeyID)},
	})
	return map[string]string{
		"dev.sigstore.cosign/certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.Certificate.RawBytes})),
		"dev.sigstore.cosign/bundle":      string(entry),
	}, err
}

// signKeyless is the script command keyless ROOT BUNDLE TYPE IDENTITY ISSUER: it starts
// a Sigstore instance, and writes its trusted root and a bundle in which the identity
// signs a statement about the last image pushed.
func signKeyless(ts *testscript.TestScript, _ bool, args []string) {
	sigstore, err := sigstoretest.New()
	ts.Check(err)
	root, err := sigstore.Root(sigstoretest.Parts{Log: true})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), root, 0o600))
	digest := strings.TrimPrefix(ts.Getenv("DIGEST"), "sha256:")
	predicate := "{}"
	if len(args) > 5 {
		predicate = ts.ReadFile(args[5])
	}
	statement, err := attestation.NewStatement(args[2], []attestation.Subject{{Name: "image", Digest: map[string]string{"sha256": digest}}}, json.RawMessage(predicate))
	ts.Check(err)
	bundle, err := sigstore.Sign(sigstoretest.Signing{Identity: args[3], Issuer: args[4], Statement: statement})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), bundle, 0o600))
}

// saveLayout is the script command savelayout DIR: it writes the last two images pushed
// into an OCI layout, under their tags.
func saveLayout(ts *testscript.TestScript, _ bool, args []string) {
	path, err := ocilayout.Write(ts.MkAbs(args[0]), empty.Index)
	ts.Check(err)
	for variable, tag := range map[string]string{"DIGEST": "7a3f9c2", "TARGET": "6b2e8d1"} {
		ref, err := name.NewDigest(ts.Getenv("REGISTRY") + "/payments-api@" + ts.Getenv(variable))
		ts.Check(err)
		image, err := remote.Image(ref)
		ts.Check(err)
		ts.Check(path.AppendImage(image, ocilayout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tag})))
	}
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
