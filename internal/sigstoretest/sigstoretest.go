// Package sigstoretest is a Sigstore instance in memory, for tests: an authority that
// issues certificates, a transparency log and a timestamp authority.
package sigstoretest

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/prodgate/prodgate/internal/attestation"
)

// Instance is one Sigstore instance with keys of its own.
type Instance struct{ authority *ca.VirtualSigstore }

// New starts an instance.
func New() (*Instance, error) {
	authority, err := ca.NewVirtualSigstore()
	if err != nil {
		return nil, err
	}
	return &Instance{authority}, nil
}

// Parts chooses what a trusted root names besides its certificate authority.
type Parts struct{ Log, Timestamps, CertificateLog bool }

// Root is the trusted root of the instance with some of its parts, as
// trusted_root.json. No certificate is recorded in the certificate log.
func (i *Instance) Root(parts Parts) ([]byte, error) {
	var authorities []root.TimestampingAuthority
	if parts.Timestamps {
		authorities = i.authority.TimestampingAuthorities()
	}
	var logs, certificateLogs map[string]*root.TransparencyLog
	if parts.Log {
		logs = i.authority.RekorLogs()
	}
	if parts.CertificateLog {
		certificateLogs = i.authority.CTLogs()
	}
	if err := errors.Join(identify(logs), identify(certificateLogs)); err != nil {
		return nil, err
	}
	trusted, err := root.NewTrustedRoot(root.TrustedRootMediaType01, i.authority.FulcioCertificateAuthorities(), certificateLogs, authorities, logs)
	if err != nil {
		return nil, err
	}
	return trusted.MarshalJSON()
}

// identify sets the ids of logs, which the library writes as text.
func identify(logs map[string]*root.TransparencyLog) error {
	for id, log := range logs {
		raw, err := hex.DecodeString(id)
		if err != nil {
			return err
		}
		log.ID = raw
	}
	return nil
}

// Signing is what a bundle is made of.
type Signing struct {
	Identity, Issuer string
	Statement        []byte
	At               time.Time // of the log entry; zero is now, when the ten minutes of the certificate begin
	NoLog            bool      // without an entry of the transparency log
	Timestamp        bool      // with a timestamp of now
}

// Sign signs a statement keyless, and returns the bundle (v0.3, JSON).
func (i *Instance) Sign(s Signing) ([]byte, error) {
	at := s.At
	if at.IsZero() {
		at = time.Now()
	}
	entity, err := i.authority.AttestAtTime(s.Identity, s.Issuer, s.Statement, at, true)
	if err != nil {
		return nil, err
	}
	content, err1 := entity.VerificationContent()
	signature, err2 := entity.SignatureContent()
	entries, err3 := entity.TlogEntries()
	stamps, err4 := entity.Timestamps()
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	material := &protobundle.VerificationMaterial{
		Content:                   &protobundle.VerificationMaterial_Certificate{Certificate: &protocommon.X509Certificate{RawBytes: content.Certificate().Raw}},
		TimestampVerificationData: &protobundle.TimestampVerificationData{},
	}
	if !s.NoLog {
		e := entries[0].TransparencyLogEntry()
		if err := i.promise(e); err != nil {
			return nil, err
		}
		material.TlogEntries = []*protorekor.TransparencyLogEntry{e}
	}
	if s.Timestamp {
		material.TimestampVerificationData.Rfc3161Timestamps = []*protocommon.RFC3161SignedTimestamp{{SignedTimestamp: stamps[0]}}
	}
	return protojson.Marshal(&protobundle.Bundle{
		MediaType:            attestation.BundleType,
		VerificationMaterial: material,
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			Payload:     s.Statement,
			PayloadType: attestation.PayloadType,
			Signatures:  []*protodsse.Signature{{Sig: signature.Signature()}},
		}},
	})
}

// promise adds to an entry what the library leaves out: its kind, and the log's
// signature over the entry and its time.
func (i *Instance) promise(e *protorekor.TransparencyLogEntry) error {
	signature, err := i.authority.RekorSignPayload(tlog.RekorPayload{
		Body:           base64.StdEncoding.EncodeToString(e.CanonicalizedBody),
		IntegratedTime: e.IntegratedTime,
		LogIndex:       e.LogIndex,
		LogID:          hex.EncodeToString(e.LogId.KeyId),
	})
	if err != nil {
		return err
	}
	e.KindVersion = &protorekor.KindVersion{Kind: "dsse", Version: "0.0.1"}
	e.InclusionPromise = &protorekor.InclusionPromise{SignedEntryTimestamp: signature}
	return nil
}
