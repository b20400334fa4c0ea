package github

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/internal/web"
)

// App is a GitHub App whose installation reads the organization: its own tokens can see
// teams, which the token of a job cannot.
type App struct {
	IDEnv  string `json:"id_env" schema:"nonempty"`  // the variable with the App's id, or its client id
	KeyEnv string `json:"key_env" schema:"nonempty"` // the variable with its private key (PEM)
}

// appID is the number of an App, or its client id.
var appID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// token asks GitHub for a token of the App's installation in an organization. It is valid
// for one hour.
func (a *App) token(ctx context.Context, c Collector, organization string) (string, error) {
	id := strings.TrimSpace(c.Getenv(a.IDEnv))
	if id == "" {
		return "", source.NoSecret(fmt.Sprintf("the variable %s is not set: it must have the id of a GitHub App", a.IDEnv))
	}
	if !appID.MatchString(id) {
		return "", fmt.Errorf("the variable %s must have the id of a GitHub App, and has %q", a.IDEnv, id)
	}
	key, err := a.key(c.Getenv(a.KeyEnv))
	if err != nil {
		return "", err
	}
	assertion, err := sign(key, id, c.Now())
	if err != nil {
		return "", err
	}
	api, err := c.server(assertion)
	if err != nil {
		return "", err
	}
	var installation struct {
		ID int64 `json:"id"`
	}
	path := web.Path("orgs", organization, "installation")
	answer, err := api.Do(ctx, web.Call{Path: path})
	switch {
	case web.NotFound(err):
		return "", fmt.Errorf("%w; install the GitHub App in the organization %s", err, organization)
	case err != nil:
		return "", fmt.Errorf("%w; %s and %s must be the id and the key of one GitHub App", err, a.IDEnv, a.KeyEnv)
	}
	if err := rest.Decode(path, answer, &installation); err != nil {
		return "", err
	}
	path = web.Path("app", "installations", strconv.FormatInt(installation.ID, 10), "access_tokens")
	permissions := map[string]string{"members": "read"} // whatever else the installation has
	if c.Settings.TwoFactor != elsewhere {
		permissions["organization_administration"] = "read"
	}
	body, err := json.Marshal(map[string]any{"permissions": permissions})
	if err != nil {
		return "", err
	}
	answer, err = api.Do(ctx, web.Call{
		Method: http.MethodPost, Path: path, Body: string(body), Header: http.Header{"Content-Type": {"application/json"}},
		Read: true, // another token does no harm
	})
	if err != nil {
		return "", fmt.Errorf("%w; the GitHub App needs the permissions %q and %q", err, readMembers, administrate)
	}
	var made struct {
		Token string `json:"token"`
	}
	if err := answer.JSON(&made); err != nil {
		return "", fmt.Errorf("POST %s: %w", path, err)
	}
	if made.Token == "" {
		return "", fmt.Errorf("POST %s: the answer has no token", path)
	}
	return made.Token, nil
}

// key reads the private key. The error does not show it.
func (a *App) key(text string) (*rsa.PrivateKey, error) {
	if strings.TrimSpace(text) == "" {
		return nil, source.NoSecret(fmt.Sprintf("the variable %s is not set: it must have the private key of the GitHub App", a.KeyEnv))
	}
	wrong := fmt.Errorf("the variable %s does not have the private key of a GitHub App (PEM, RSA)", a.KeyEnv)
	block, _ := pem.Decode([]byte(strings.ReplaceAll(text, `\n`, "\n"))) // as some stores of secrets write it
	if block == nil {
		return nil, wrong
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, wrong
	}
	key, ok := any.(*rsa.PrivateKey)
	if !ok {
		return nil, wrong
	}
	return key, nil
}

// sign makes the JSON Web Token by which the App proves itself (RS256, RFC 7515). GitHub
// accepts one of at most ten minutes. It begins a minute early, as clocks differ.
func sign(key *rsa.PrivateKey, id string, now time.Time) (string, error) {
	claims, err := json.Marshal(map[string]any{"iat": now.Add(-time.Minute).Unix(), "exp": now.Add(8 * time.Minute).Unix(), "iss": id})
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", errors.New("the private key of the GitHub App cannot sign")
	}
	return text + "." + encode(signature), nil
}
