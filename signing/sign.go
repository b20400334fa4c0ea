package signing

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/prodgate/prodgate/internal/attestation"
)

// Signer signs messages with one key. PrivateKey is one.
type Signer interface {
	Public() *PublicKey
	Sign(message []byte) ([]byte, error)
}

type bundle struct {
	MediaType string   `json:"mediaType"`
	Material  material `json:"verificationMaterial"`
	Envelope  envelope `json:"dsseEnvelope"`
}

type material struct {
	PublicKey struct {
		Hint string `json:"hint"`
	} `json:"publicKey"`
}

// envelope has no id of the key: sigstore-go skips a signature whose id it would
// write in another way.
type envelope struct {
	Payload     []byte      `json:"payload"` // base64 in JSON
	PayloadType string      `json:"payloadType"`
	Signatures  []signature `json:"signatures"`
}

type signature struct {
	Sig []byte `json:"sig"`
}

// Sign signs an in-toto statement, and returns a Sigstore bundle (v0.3, JSON) with
// its DSSE envelope. The payload is statement, byte for byte. A statement that
// package attestation would not read is an error.
func Sign(signer Signer, statement []byte) ([]byte, error) {
	signed, err := seal(signer, statement)
	if err != nil {
		return nil, fmt.Errorf("sign statement: %w", err)
	}
	b := bundle{MediaType: attestation.BundleType, Envelope: signed}
	b.Material.PublicKey.Hint = signer.Public().hint()
	content, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("sign statement: %w", err)
	}
	return content, nil
}

func seal(signer Signer, statement []byte) (envelope, error) {
	read, err := attestation.Parse(statement)
	switch {
	case err != nil:
		return envelope{}, err
	case read.Envelope != nil:
		return envelope{}, errors.New("it is signed already")
	}
	content := dsse.PAE(attestation.PayloadType, statement)
	sig, err := signer.Sign(content)
	if err != nil {
		return envelope{}, err
	}
	if !newMessage(content).verifies(signer.Public().key, sig) {
		return envelope{}, errors.New("the signer's public key does not verify its signature")
	}
	return envelope{
		Payload:     statement,
		PayloadType: attestation.PayloadType,
		Signatures:  []signature{{Sig: sig}},
	}, nil
}
