package signing

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const passphrase = "correct horse"

func recorded(t testing.TB, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func public(t testing.TB, file string) *PublicKey {
	t.Helper()
	key, err := ParsePublic(file, recorded(t, file))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func private(t testing.TB, file string) *PrivateKey {
	t.Helper()
	key, err := ParsePrivate(file, recorded(t, file), nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestKeysOfEveryFormAreRead(t *testing.T) {
	tests := []struct{ file, public, passphrase string }{
		{"p256.pkcs8.pem", "p256.pub", ""},
		{"p384.pkcs8.pem", "p384.pub", ""},
		{"ed25519.pkcs8.pem", "ed25519.pub", ""},
		{"rsa.pkcs8.pem", "rsa.pub", ""},
		{"p256.pkcs8.pem", "p256.pub", "not needed"},
		{"p256.sec1.pem", "p256.pub", ""},
		{"rsa.pkcs1.pem", "rsa.pub", ""},
		{"p256.pbkdf2.pem", "p256.pub", passphrase},
		{"p384.pbkdf2.pem", "p384.pub", passphrase},
		{"ed25519.scrypt.pem", "ed25519.pub", passphrase},
		{"p256.sigstore.pem", "p256.pub", passphrase},
		{"p256.empty.pem", "p256.pub", ""},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			var pass []byte
			if tt.passphrase != "" {
				pass = []byte(tt.passphrase)
			}
			key, err := ParsePrivate(tt.file, recorded(t, tt.file), pass)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := key.Public().ID(), public(t, tt.public).ID(); got != want {
				t.Errorf("the key is %s, want %s", got, want)
			}
		})
	}
}

func TestKeysAreIdentifiedByTheDigestOfTheirDER(t *testing.T) {
	// openssl pkey -pubin -in p256.pub -outform DER | sha256sum
	key := public(t, "p256.pub")
	if got, want := key.ID(), "sha256:c01ae64b8eded9070ede34c7f390b88511665d2858fcb2409082c39d965e1c94"; got != want {
		t.Errorf("the id is %s, want %s", got, want)
	}
	if got, want := key.hint(), "wBrmS47e2QcO3jTH85C4hRFmXShY/LJAkILDnZZeHJQ="; got != want {
		t.Errorf("the hint is %s, want %s", got, want)
	}
	if !bytes.Equal(key.PEM(), recorded(t, "p256.pub")) {
		t.Errorf("the key is written as\n%s", key.PEM())
	}
}

func TestTextAroundAKeyIsNotRead(t *testing.T) {
	content := "\ufeffthe key of the build\r\n" + strings.ReplaceAll(string(recorded(t, "p256.pub")), "\n", "\r\n") + "\r\n"
	key, err := ParsePublic("f", []byte(content))
	if err != nil || key.ID() != public(t, "p256.pub").ID() {
		t.Errorf("read %v, %v", key, err)
	}
}

func TestInvalidPublicKeysAreErrors(t *testing.T) {
	p256 := string(recorded(t, "p256.pub"))
	file := func(name string) string { return string(recorded(t, name)) }
	tests := []struct{ name, content, want string }{
		{"nothing", "", "not PEM: must have a line that begins with -----BEGIN"},
		{"DER", string(public(t, "p256.pub").der), "not PEM"},
		{"half of one", p256[:100], "damaged PEM"},
		{"one and a half", p256 + p256[:100], "damaged PEM"},
		{"a damaged one before another", strings.Replace(p256, "MF", "M*", 1) + p256, "damaged PEM"},
		{"two", p256 + p256, "contains 2 keys; must contain one"},
		{"much more than a key", p256 + strings.Repeat("\n", maxKey), "a key has at most 65536"},
		{"a private key", file("p256.pkcs8.pem"), `contains "PRIVATE KEY", not "PUBLIC KEY"; a private key must stay secret, write its public half with: openssl pkey -in FILE -pubout`},
		{"a private key of cosign", file("p256.sigstore.pem"), "write its public half with: cosign public-key --key FILE"},
		{"a certificate", file("weak/certificate.pem"), "write its public key with: openssl x509 -in FILE -pubkey -noout"},
		{"PKCS #1", file("weak/rsa.pkcs1.pub"), "convert it with: openssl rsa -RSAPublicKey_in -in FILE -pubout"},
		{"weak RSA", file("weak/rsa1024.pub"), "an RSA key of 1024 bits; must have 2048 to 8192"},
		{"a small exponent", file("weak/rsa-exponent3.pub"), "an RSA key with the exponent 3; must be at least 65537"},
		{"P-521", file("weak/p521.pub"), "an ECDSA key on the curve P-521; must be ECDSA P-256 or P-384, Ed25519, or RSA with at least 2048 bits"},
		{"P-224", file("weak/p224.pub"), "an ECDSA key on the curve P-224"},
		{"secp256k1", file("weak/secp256k1.pub"), "unsupported elliptic curve; must be ECDSA P-256"},
		{"X25519", file("weak/x25519.pub"), "must be ECDSA P-256"},
		{"no key in it", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "must be ECDSA P-256"},
		{"a point off the curve", strings.Replace(p256, "Qg", "Qh", 1), "must be ECDSA P-256"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParsePublic("build.pub", []byte(tt.content))
			if err == nil || !strings.HasPrefix(err.Error(), `read public key "build.pub": `) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestInvalidPrivateKeysAreErrors(t *testing.T) {
	file := func(name string) string { return string(recorded(t, name)) }
	cut := func(name string, n int) string {
		block, _ := pem.Decode(recorded(t, name))
		block.Bytes = block.Bytes[:len(block.Bytes)-n]
		return string(pem.EncodeToMemory(block))
	}
	tests := []struct{ name, content, passphrase, want string }{
		{"a public key", file("p256.pub"), "", "contains a public key; signing needs the private key"},
		{"a certificate", file("weak/certificate.pem"), "", `contains "CERTIFICATE"; must contain a private key`},
		{"two", file("p256.pkcs8.pem") + file("p384.pkcs8.pem"), "", "contains 2 keys"},
		{"weak RSA", file("weak/rsa1024.pem"), "", "an RSA key of 1024 bits"},
		{"P-521", file("weak/p521.pem"), "", "an ECDSA key on the curve P-521"},
		{"X25519", file("weak/x25519.pem"), "", "must be ECDSA P-256"},
		{"an unknown form", strings.ReplaceAll(file("p256.pkcs8.pem"), "PRIVATE KEY", "EC PRIVATE KEY"), "", "; must be ECDSA P-256 or P-384"},
		{"half of one", cut("p256.pkcs8.pem", 40), "", "asn1: "},
		{"no passphrase", file("p256.pbkdf2.pem"), "", ErrPassphrase.Error()},
		{"no passphrase for cosign's", file("p256.sigstore.pem"), "", ErrPassphrase.Error()},
		{"a wrong passphrase", file("p256.pbkdf2.pem"), "wrong", ErrWrongPassphrase.Error()},
		{"a wrong passphrase, scrypt", file("ed25519.scrypt.pem"), "wrong", ErrWrongPassphrase.Error()},
		{"a wrong passphrase for cosign's", file("p256.sigstore.pem"), "wrong", ErrWrongPassphrase.Error()},
		{"damaged", cut("p256.pbkdf2.pem", 1), passphrase, "damaged: not an encrypted key"},
		{"damaged, of cosign", cut("p256.sigstore.pem", 1), passphrase, "damaged: unexpected end of JSON input"},
		{"an unknown cipher", file("p256.aria.pem"), passphrase, "pkcs8: unsupported cipher (OID: 1.2.410.200046.1.1.12); convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE"},
		{"an old cipher", file("p256.pbes1.pem"), passphrase, "encrypted in an old way; convert it with: openssl pkcs8"},
		{"encryption of PEM itself", file("p256.dek.pem"), passphrase, "encrypted in the way of old versions of openssl"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParsePrivate("PRODGATE_KEY", []byte(tt.content), []byte(tt.passphrase))
			if err == nil || !strings.HasPrefix(err.Error(), `read private key "PRODGATE_KEY": `) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			for _, sentinel := range []error{ErrPassphrase, ErrWrongPassphrase} {
				if errors.Is(err, sentinel) != (tt.want == sentinel.Error()) {
					t.Errorf("%v is %v", err, sentinel)
				}
			}
		})
	}
}

// A key file must not take all memory, or hours, before its passphrase is checked.
func TestCostlyKeysAreNotDecrypted(t *testing.T) {
	change := func(file, old, new string) []byte {
		block, _ := pem.Decode(recorded(t, file))
		if bytes.Count(block.Bytes, []byte(old)) != 1 {
			t.Fatalf("%s has the bytes %x %d times", file, old, bytes.Count(block.Bytes, []byte(old)))
		}
		block.Bytes = bytes.Replace(block.Bytes, []byte(old), []byte(new), 1)
		return pem.EncodeToMemory(block)
	}
	tests := []struct {
		name    string
		content []byte
		want    string
	}{
		{"no iterations", change("p256.pbkdf2.pem", "\x02\x02\x08\x00", "\x02\x02\x00\x00"), "invalid parameters of PBKDF2"},
		{"negative iterations", change("p256.pbkdf2.pem", "\x02\x02\x08\x00", "\x02\x02\xff\x00"), "invalid parameters of PBKDF2"},
		{"a costly scrypt", change("ed25519.scrypt.pem", "\x02\x02\x40\x00\x02\x01\x08", "\x02\x02\x40\x00\x02\x01\x7f"), "invalid parameters of scrypt: must need at most 128 MiB"},
		{"a negative block of scrypt", change("ed25519.scrypt.pem", "\x02\x02\x40\x00\x02\x01\x08", "\x02\x02\x40\x00\x02\x01\xff"), "invalid parameters of scrypt"},
		{"many rounds of scrypt", change("ed25519.scrypt.pem", "\x02\x01\x08\x02\x01\x01", "\x02\x01\x08\x02\x01\x7f"), "invalid parameters of scrypt"},
		{"half a block", cutCiphertext(t, "p256.pbkdf2.pem"), ErrWrongPassphrase.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ParsePrivate("f", tt.content, []byte(passphrase)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// cutCiphertext takes the last byte of an encrypted key, but keeps its form.
func cutCiphertext(t *testing.T, file string) []byte {
	t.Helper()
	block, _ := pem.Decode(recorded(t, file))
	var outer struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	if _, err := asn1.Unmarshal(block.Bytes, &outer); err != nil {
		t.Fatal(err)
	}
	outer.Data = outer.Data[:len(outer.Data)-1]
	der, err := asn1.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	block.Bytes = der
	return pem.EncodeToMemory(block)
}

func TestWrittenKeysAreReadAgain(t *testing.T) {
	key, err := NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, pass := range []string{"", passphrase} {
		path := filepath.Join(t.TempDir(), "key.pem")
		if err := WritePrivate(path, key, []byte(pass)); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("the file's mode is %v, %v", info.Mode(), err)
		}
		content, _ := os.ReadFile(path)
		if strings.Contains(string(content), "ENCRYPTED") != (pass != "") {
			t.Errorf("with the passphrase %q it is\n%s", pass, content)
		}
		again, err := ParsePrivate(path, content, []byte(pass))
		if err != nil || again.Public().ID() != key.Public().ID() {
			t.Errorf("read %v, %v", again, err)
		}
		if pass != "" {
			opensslReads(t, path, key.Public())
		}
	}
}

// opensslReads checks a key file with openssl, where it is installed.
func opensslReads(t *testing.T, path string, want *PublicKey) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		return
	}
	out, err := exec.Command("openssl", "pkey", "-in", path, "-passin", "pass:"+passphrase, "-pubout").CombinedOutput()
	if err != nil || !bytes.Equal(out, want.PEM()) {
		t.Errorf("openssl reads %s, %v", out, err)
	}
}

func TestKeysAreNeverOverwritten(t *testing.T) {
	key := private(t, "p256.pkcs8.pem")
	folder := t.TempDir()
	path := filepath.Join(folder, "key.pem")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(folder, "link.pem")
	if err := os.Symlink(filepath.Join(folder, "elsewhere.pem"), link); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{path, link} {
		if err := WritePrivate(to, key, nil); !errors.Is(err, os.ErrExist) {
			t.Errorf("write to %s: %v", to, err)
		}
		if err := WritePublic(to, key.Public()); !errors.Is(err, os.ErrExist) {
			t.Errorf("write the public key to %s: %v", to, err)
		}
	}
	if content, _ := os.ReadFile(path); string(content) != "precious" {
		t.Errorf("the file holds %s", content)
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 2 {
		t.Errorf("the folder holds %v", entries)
	}
}

func TestPrivateKeysPrintAsTheirID(t *testing.T) {
	key := private(t, "ed25519.pkcs8.pem")
	want := "private key of " + key.Public().ID()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, key); got != want {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

func FuzzParseKeys(f *testing.F) {
	files, err := filepath.Glob("testdata/*.p*")
	if err != nil {
		f.Fatal(err)
	}
	weak, err := filepath.Glob("testdata/weak/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, weak...) {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		var read []*PublicKey
		if key, err := ParsePublic("f", content); err == nil {
			read = append(read, key)
		}
		if key, err := ParsePrivate("f", content, nil); err == nil {
			read = append(read, key.Public())
		}
		if block, err := onePEM(content); err == nil {
			_ = affordable(block.Bytes)
		}
		for _, key := range read {
			if err := supported(key.key); err != nil {
				t.Errorf("a key was read that is not supported: %v", err)
			}
			again, err := ParsePublic("f", key.PEM())
			if err != nil || again.ID() != key.ID() {
				t.Errorf("the key %s reads again as %v, %v", key.ID(), again, err)
			}
		}
	})
}
