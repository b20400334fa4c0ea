package githubtest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// App is a GitHub App. Its installation in the organization has the permissions.
type App struct {
	ID          string
	Key         *rsa.PublicKey
	Permissions []string
	Installed   bool
}

// installationID is that of the App in the organization.
const installationID = 4242

// installation answers an App that asks where it is installed.
func (s *Server) installation(*http.Request) answer {
	return answer{body: map[string]any{
		"id": installationID, "account": s.owner(),
		"repository_selection": "all", "access_tokens_url": fmt.Sprintf("%s/app/installations/%d/access_tokens", s.URL, installationID),
		"app_id": 1, "target_id": 100, "target_type": "Organization", "permissions": map[string]any{"members": "read"},
		"events": []any{}, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "single_file_name": nil, "app_slug": "prodgate",
		"suspended_at": nil, "suspended_by": nil, "repositories_url": s.URL + "/installation/repositories",
		"html_url": s.URL + "/organizations/" + s.Organization + "/settings/installations/4242",
	}}
}

// accessToken makes a token of the installation, which is longer than others.
func (s *Server) accessToken(r *http.Request) answer {
	var wanted struct {
		Permissions map[string]string `json:"permissions"`
	}
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
		return answer{status: http.StatusBadRequest, body: map[string]any{"message": "Problems parsing JSON"}}
	}
	granted := []string{}
	for name := range wanted.Permissions {
		if !slices.Contains(s.App.Permissions, name) {
			return answer{status: http.StatusUnprocessableEntity, body: map[string]any{
				"message": "The permissions requested are not granted to this installation.", "documentation_url": "https://docs.github.com/rest", "status": "422",
			}}
		}
		granted = append(granted, name)
	}
	token := fmt.Sprintf("ghs_%s_%s.%d", s.App.ID, strings.Repeat("x", 180), len(s.Tokens))
	s.Tokens[token] = granted
	return answer{status: http.StatusCreated, body: map[string]any{
		"token": token, "expires_at": s.Clock().Add(time.Hour).UTC().Format(time.RFC3339),
		"permissions": wanted.Permissions, "repository_selection": "all",
	}}
}

// asApp answers a request that an App proves itself in, as GitHub checks it.
func (s *Server) asApp(w http.ResponseWriter, r *http.Request, of endpoint) {
	s.Lock()
	defer s.Unlock()
	w.Header().Set("Date", s.Clock().UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	switch err := s.verify(token(r)); {
	case err != nil:
		refuse(w, http.StatusUnauthorized, err.Error())
	case !s.App.Installed, r.PathValue("org") != "" && r.PathValue("org") != s.Organization,
		r.PathValue("installation") != "" && r.PathValue("installation") != fmt.Sprint(installationID):
		refuse(w, http.StatusNotFound, "Not Found")
	default:
		s.write(w, r, of(r))
	}
}

// verify checks an App's JSON Web Token.
func (s *Server) verify(token string) error {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || s.App == nil {
		return fmt.Errorf("A JSON web token could not be decoded") //nolint:staticcheck // as GitHub says it
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(s.App.Key, crypto.SHA256, sum[:], signature) != nil {
		return fmt.Errorf("A JSON web token could not be decoded") //nolint:staticcheck // as GitHub says it
	}
	var claims struct {
		Issued  int64  `json:"iat"`
		Expires int64  `json:"exp"`
		Issuer  string `json:"iss"`
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(text, &claims) != nil || claims.Issuer != s.App.ID {
		return fmt.Errorf("'Issuer' claim ('iss') must be an Integer") //nolint:staticcheck // as GitHub says it
	}
	now := s.Clock().Unix()
	if claims.Issued > now || claims.Expires <= now || claims.Expires > now+600 {
		return fmt.Errorf("'Expiration time' claim ('exp') is too far in the future") //nolint:staticcheck // as GitHub says it
	}
	return nil
}
