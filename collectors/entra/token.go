package entra

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/internal/jobtoken"
	"github.com/prodgate/prodgate/internal/web"
)

// How the application proves what it is.
const (
	tokenFile     = "token-file"
	githubActions = "github-actions"
	idToken       = "id-token"
	clientSecret  = "client-secret"
)

// credentials are all of them, in the order in which they are tried.
var credentials = []string{tokenFile, githubActions, idToken, clientSecret}

// Variables and defaults of credentials.
const (
	fileVariable    = "AZURE_FEDERATED_TOKEN_FILE"
	defaultTokenEnv = "ENTRA_ID_TOKEN"      //nolint:gosec // the name of a variable
	defaultSecret   = "AZURE_CLIENT_SECRET" //nolint:gosec // the name of a variable
	defaultAudience = "api://AzureADTokenExchange"

	maxTokenFile = 1 << 20 // bytes
)

// credential is the one to use: that of the settings, or the first whose variables are
// set.
func (c Collector) credential() (string, error) {
	s := c.Settings
	if s.Credential != "" {
		return s.Credential, nil
	}
	switch {
	case c.Getenv(fileVariable) != "":
		return tokenFile, nil
	case jobtoken.InGitHub(c.Getenv):
		return githubActions, nil
	case c.Getenv(cmp.Or(s.TokenEnv, defaultTokenEnv)) != "":
		return idToken, nil
	case c.Getenv(cmp.Or(s.SecretEnv, defaultSecret)) != "":
		return clientSecret, nil
	}
	return "", source.NoSecret(fmt.Sprintf("there is no credential for the application: in GitHub Actions give the job permissions: {id-token: write}; in GitLab set id_tokens: {%s: {aud: %s}}; elsewhere set %s or %s",
		cmp.Or(s.TokenEnv, defaultTokenEnv), defaultAudience, fileVariable, cmp.Or(s.SecretEnv, defaultSecret)))
}

// proof is the secret that proves what the application is, and the form's fields that
// hold it.
func (c Collector) proof(ctx context.Context) (secret string, form url.Values, err error) {
	kind, err := c.credential()
	if err != nil {
		return "", nil, err
	}
	s := c.Settings
	switch kind {
	case tokenFile:
		secret, err = readToken(c.Getenv(fileVariable))
	case githubActions:
		if !jobtoken.InGitHub(c.Getenv) {
			return "", nil, errors.New("this job cannot request a token of GitHub Actions: give it permissions: {id-token: write}")
		}
		secret, err = jobtoken.GitHub(ctx, c.Getenv, cmp.Or(s.Audience, defaultAudience), c.Carrier)
	case idToken:
		secret, err = c.variable(cmp.Or(s.TokenEnv, defaultTokenEnv))
	case clientSecret:
		secret, err = c.variable(cmp.Or(s.SecretEnv, defaultSecret))
		return secret, url.Values{"client_secret": {secret}}, err
	}
	return secret, url.Values{
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {secret},
	}, err
}

// variable is the secret in a variable.
func (c Collector) variable(name string) (string, error) {
	if secret := strings.TrimSpace(c.Getenv(name)); secret != "" {
		return secret, nil
	}
	return "", fmt.Errorf("the variable %s is not set: it must have the credential of the application", name)
}

// readToken reads the file with a token that the platform renews.
func readToken(name string) (string, error) {
	if name == "" {
		return "", fmt.Errorf("the variable %s is not set", fileVariable)
	}
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("read the file in %s: %w", fileVariable, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxTokenFile+1))
	token := strings.TrimSpace(string(b))
	switch {
	case err != nil:
		return "", fmt.Errorf("read the file in %s: %w", fileVariable, err)
	case len(b) > maxTokenFile:
		return "", fmt.Errorf("read the file in %s: it has more than %d bytes, which is the limit", fileVariable, maxTokenFile)
	case token == "":
		return "", fmt.Errorf("read the file in %s: it is empty", fileVariable)
	}
	return token, nil
}

// token requests an access token for Microsoft Graph. No error contains a secret.
func (c Collector) token(ctx context.Context) (string, error) {
	secret, form, err := c.proof(ctx)
	if err != nil {
		return "", err
	}
	graph, err := web.Parse(cmp.Or(c.Settings.URL, defaultURL))
	if err != nil {
		return "", fmt.Errorf("use Microsoft Graph: url: %w", err)
	}
	form.Set("grant_type", "client_credentials")
	form.Set("client_id", strings.ToLower(c.Settings.ClientID))
	form.Set("scope", web.Host(graph)+"/.default")
	server, err := web.New(web.Options{
		Base: cmp.Or(c.Settings.Authority, defaultAuthority), CAFile: c.Settings.CAFile, Clock: c.Now, Secrets: []string{secret}, Carrier: c.Carrier,
	})
	if err != nil {
		return "", fmt.Errorf("use the authority: %w", err)
	}
	call := web.Call{
		Method: http.MethodPost, Path: web.Path(c.Settings.Tenant, "oauth2", "v2.0", "token"), Read: true,
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: form.Encode(),
	}
	var answer struct {
		Type  string `json:"token_type"`
		Token string `json:"access_token"`
	}
	if err := server.JSON(ctx, call, &answer); err != nil {
		return "", fmt.Errorf("request a token for Microsoft Graph: %w; check tenant, client_id, and the federated credential or secret of the application", err)
	}
	if answer.Token == "" || !strings.EqualFold(answer.Type, "Bearer") {
		return "", errors.New("request a token for Microsoft Graph: the answer has no bearer token")
	}
	return answer.Token, nil
}
