package server

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/oidctest"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/trail"
)

// ask sends a request without a client of the trail.
func (p *place) ask(method, path, token string, body []byte) *httptest.ResponseRecorder {
	r, request := httptest.NewRecorder(), httptest.NewRequestWithContext(p.t.Context(), method, path, bytes.NewReader(body))
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	p.server.ServeHTTP(r, request)
	return r
}

func TestARequestThatIsNotUnderstoodIsRefusedWithItsStatus(t *testing.T) {
	p := start(t)
	token := p.token(nil)
	first := staged()
	events := func(list ...trail.Event) []byte {
		b, err := json.Marshal(map[string]any{"events": list})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if r := p.ask(http.MethodPost, "/v1/entries", token, events(first)); r.Code != http.StatusOK || r.Header().Get("Cache-Control") != "no-store" {
		t.Fatal(r.Code, r.Body)
	}
	other, odd := first, staged()
	other.Deployment, odd.Digest = "d-2", "sha256:x"
	for name, c := range map[string]struct {
		method, path, token string
		body                []byte
		status              int
		want                string
	}{
		"no token":               {http.MethodPost, "/v1/entries", "", events(staged()), 401, "a token is required"},
		"another scheme":         {http.MethodGet, "/v1/checkpoint", "", nil, 401, "Bearer"},
		"the same id":            {http.MethodPost, "/v1/entries", token, events(other), 409, "another event with this id"},
		"an invalid event":       {http.MethodPost, "/v1/entries", token, events(odd), 422, "is not sha256:"},
		"no events":              {http.MethodPost, "/v1/entries", token, events(), 422, "1 to 64 events, not 0"},
		"too many events":        {http.MethodPost, "/v1/entries", token, events(make([]trail.Event, 65)...), 422, "not 65"},
		"no JSON":                {http.MethodPost, "/v1/entries", token, []byte("x"), 422, "not what is expected"},
		"an unknown key":         {http.MethodPost, "/v1/entries", token, []byte(`{"events":[],"force":true}`), 422, "unknown field"},
		"two values":             {http.MethodPost, "/v1/entries", token, []byte(`{"events":[]} {}`), 422, "something follows"},
		"a large body":           {http.MethodPost, "/v1/entries", token, append([]byte(`{"events":[{"id":"`), bytes.Repeat([]byte("x"), maxBody)...), 413, "larger than"},
		"a large question":       {http.MethodPost, "/v1/find", token, append([]byte(`{"keys":[{"by":"`), bytes.Repeat([]byte("x"), maxQuery)...), 413, "larger than"},
		"an odd question":        {http.MethodPost, "/v1/find", token, []byte(`{"keys":[{"by":"moon","first":"x"}],"most":1}`), 422, "entries are not read by"},
		"a question of all":      {http.MethodPost, "/v1/find", token, []byte(`{"keys":[],"most":1}`), 422, "1 to 64 keys"},
		"an unknown parameter":   {http.MethodGet, "/v1/entries?limits=1", token, nil, 422, "unknown parameter"},
		"a negative number":      {http.MethodGet, "/v1/checkpoint?seen=-1", token, nil, 422, "not a number of entries"},
		"an odd nonce":           {http.MethodGet, "/v1/checkpoint?nonce=prodgate.dev", token, nil, 422, "hexadecimal digits"},
		"a client that is ahead": {http.MethodGet, "/v1/checkpoint?seen=9", token, nil, 412, "older copy"},
		"no such entry":          {http.MethodGet, "/v1/entries/x", token, nil, 404, "no such entry"},
		"no such blob":           {http.MethodGet, "/v1/blobs/sha256:x", token, nil, 404, "no such entry"},
		"no such tile":           {http.MethodGet, "/tile/0/001", token, nil, 404, "no such entry"},
		"a tile spelled twice":   {http.MethodGet, "/tile/00/000.p/1", token, nil, 404, "no such entry"},
		"a file":                 {http.MethodGet, "/tile/../T.db.key", token, nil, 307, ""},
		"another method":         {http.MethodDelete, "/v1/entries/x", token, nil, 405, ""},
	} {
		r := p.ask(c.method, c.path, c.token, c.body)
		if r.Code != c.status && (c.status != 405 || r.Code != 404) || !strings.Contains(r.Body.String(), c.want) && c.status != 405 || strings.Contains(r.Body.String(), token) {
			t.Errorf("%s: %d %.300s; want %d %q", name, r.Code, r.Body, c.status, c.want)
		}
	}
	if size, err := p.local.Size(t.Context()); err != nil || size != 1 {
		t.Errorf("%d entries, %v; want one", size, err)
	}
}

func TestAJobOfGitLabWritesAsItsProject(t *testing.T) {
	p := start(t)
	issuer, err := oidctest.NewES256()
	if err != nil {
		t.Fatal(err)
	}
	defer issuer.Close()
	text := strings.NewReplacer("kind: github", "kind: gitlab", "url: "+p.issuer.URL+`, address: "https://github.com"`, "url: "+issuer.URL).Replace(configuration(p.address, p.issuer.URL))
	c, err := parseConfig(strict.Of("server.yaml", []byte(text)), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p.server = New(c, p.local, p.server.logger, nil)
	token, err := issuer.Sign(issuer.GitLab(p.address, time.Now(), nil))
	if err != nil {
		t.Fatal(err)
	}
	l, err := trail.Open(t.Context(), p.address, p.options(token))
	if err != nil {
		t.Fatal(err)
	}
	e := staged()
	if _, err := l.Append(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	got, err := p.local.Entry(t.Context(), e.ID)
	if err != nil || got.Writer != (trail.Writer{Subject: "repo:acme/payments-api", Issuer: issuer.URL, Assurance: trail.AssuranceOIDC}) || got.Run != issuer.URL+"/acme/payments-api/-/pipelines/88" {
		t.Errorf("%+v, run %s, %v", got.Writer, got.Run, err)
	}
}

// certificate writes a certificate of 127.0.0.1 and its key.
func certificate(t *testing.T) (config *TLS, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config = &TLS{Certificate: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key")}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for file, text := range map[string][]byte{config.Certificate: public, config.Key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(public)
	return config, roots
}

func TestTheServerSpeaksTLSAndFinishesWhatRunsWhenItEnds(t *testing.T) {
	p := start(t)
	var roots *x509.CertPool
	p.server.config.TLS, roots = certificate(t)
	began := make(chan struct{})
	p.server.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		time.Sleep(50 * time.Millisecond)
		text(w, http.StatusOK, "finished\n")
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.server.Serve(ctx, listener) }()
	go func() { <-began; stop() }()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	r, err := client.Get("https://" + listener.Addr().String() + "/") //nolint:noctx // a test's
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if err := <-ended; err != nil || r.StatusCode != http.StatusOK {
		t.Errorf("%d, %v; want the answer, and an orderly end", r.StatusCode, err)
	}
	p.server.config.TLS.Key = filepath.Join(t.TempDir(), "missing")
	if err := p.server.Serve(t.Context(), listener); err == nil || !strings.Contains(err.Error(), "read the TLS certificate") {
		t.Error(err)
	}
}

func TestTheSameOnPostgreSQL(t *testing.T) {
	server := os.Getenv("PRODGATE_TEST_POSTGRES")
	if server == "" {
		t.Skip("set PRODGATE_TEST_POSTGRES to postgres://…, as .ci/postgres writes it, to run this on PostgreSQL")
	}
	for n, test := range []func(*testing.T, *place){appendAndRead, viewComplete, verifyAndExport} {
		schema := fmt.Sprintf("test_server_%d_%d", os.Getpid(), n)
		db, err := sql.Open("pgx", server)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		separator := "?"
		if strings.Contains(server, "?") {
			separator = "&"
		}
		test(t, startAt(t, server+separator+"search_path="+schema, filepath.Join(t.TempDir(), "trail.key")))
		if _, err := db.ExecContext(t.Context(), "DROP SCHEMA IF EXISTS "+schema+" CASCADE"); err != nil {
			t.Error(err)
		}
	}
}
