package attestation

import (
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
)

// Annotations of an envelope under the tag sha256-….att, as cosign 2 writes them.
const (
	certificateNote = "dev.sigstore.cosign/certificate"      // PEM
	logNote         = "dev.sigstore.cosign/bundle"           // the entry of the transparency log, as JSON
	timestampNote   = "dev.sigstore.cosign/rfc3161timestamp" // as JSON
)

// maxNote is the largest annotation, in bytes, that is read.
const maxNote = 1 << 20

// Bundled is an envelope with its annotations as one Sigstore bundle (v0.1): cosign 2
// keeps the certificate of a keyless signature, its log entry and its timestamp in
// annotations. Content without a certificate there is returned as it is. An error
// says that the annotations are damaged.
func Bundled(envelope []byte, annotations map[string]string) ([]byte, error) {
	if annotations[certificateNote] == "" {
		return envelope, nil
	}
	bundle, err := bundled(envelope, annotations)
	if err != nil {
		return nil, fmt.Errorf("annotations of a keyless signature: %w", err)
	}
	return bundle, nil
}

// The types below are the part of a bundle that annotations can hold.
type (
	rawBytes struct {
		RawBytes []byte `json:"rawBytes"`
	}
	signedTimestamp struct {
		SignedTimestamp []byte `json:"signedTimestamp"`
	}
	kindVersion struct {
		Kind    string `json:"kind"`
		Version string `json:"version"`
	}
	logEntry struct {
		LogIndex int64 `json:"logIndex,string"`
		LogID    struct {
			KeyID []byte `json:"keyId"`
		} `json:"logId"`
		KindVersion      kindVersion `json:"kindVersion"`
		IntegratedTime   int64       `json:"integratedTime,string"`
		InclusionPromise struct {
			SignedEntryTimestamp []byte `json:"signedEntryTimestamp"`
		} `json:"inclusionPromise"`
		CanonicalizedBody []byte `json:"canonicalizedBody"`
	}
	annotated struct {
		MediaType string `json:"mediaType"`
		Material  struct {
			Chain struct {
				Certificates []rawBytes `json:"certificates"`
			} `json:"x509CertificateChain"`
			Entries    []logEntry `json:"tlogEntries,omitempty"`
			Timestamps struct {
				RFC3161 []signedTimestamp `json:"rfc3161Timestamps,omitempty"`
			} `json:"timestampVerificationData"`
		} `json:"verificationMaterial"`
		Envelope json.RawMessage `json:"dsseEnvelope"`
	}
)

func bundled(envelope []byte, annotations map[string]string) ([]byte, error) {
	for _, note := range []string{certificateNote, logNote, timestampNote} {
		if len(annotations[note]) > maxNote {
			return nil, fmt.Errorf("%s has more than %d bytes", note, maxNote)
		}
	}
	if !json.Valid(envelope) {
		return nil, errors.New("the envelope is not JSON")
	}
	b := annotated{MediaType: "application/vnd.dev.sigstore.bundle+json;version=0.1", Envelope: envelope}
	block, _ := pem.Decode([]byte(annotations[certificateNote]))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("%s is not a certificate in PEM", certificateNote)
	}
	b.Material.Chain.Certificates = []rawBytes{{block.Bytes}}
	if note := annotations[logNote]; note != "" {
		entry, err := readLogNote([]byte(note))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", logNote, err)
		}
		b.Material.Entries = []logEntry{entry}
	}
	if note := annotations[timestampNote]; note != "" {
		var stamp struct{ SignedRFC3161Timestamp []byte }
		if json.Unmarshal([]byte(note), &stamp) != nil {
			return nil, fmt.Errorf("%s is not a timestamp as JSON", timestampNote)
		}
		b.Material.Timestamps.RFC3161 = []signedTimestamp{{stamp.SignedRFC3161Timestamp}}
	}
	return json.Marshal(b)
}

// readLogNote reads an entry of a transparency log. The log has signed the payload.
func readLogNote(note []byte) (logEntry, error) {
	var e logEntry
	var n struct {
		SignedEntryTimestamp []byte
		Payload              struct {
			Body           []byte
			IntegratedTime int64
			LogIndex       int64
			LogID          string
		}
	}
	if json.Unmarshal(note, &n) != nil {
		return e, errors.New("not a log entry as JSON")
	}
	var body struct{ APIVersion, Kind string }
	if json.Unmarshal(n.Payload.Body, &body) != nil {
		return e, errors.New("the body of the log entry is not JSON")
	}
	id, err := hex.DecodeString(n.Payload.LogID)
	if err != nil {
		return e, errors.New("the id of the log is not hexadecimal")
	}
	e.LogIndex, e.IntegratedTime, e.CanonicalizedBody = n.Payload.LogIndex, n.Payload.IntegratedTime, n.Payload.Body
	e.LogID.KeyID = id
	e.KindVersion = kindVersion{Kind: body.Kind, Version: body.APIVersion}
	e.InclusionPromise.SignedEntryTimestamp = n.SignedEntryTimestamp
	return e, nil
}
