package graphtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// token issues access tokens to the application.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	refuse := func(status, code int, kind, message string) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"error": kind, "error_description": fmt.Sprintf("AADSTS%d: %s Timestamp: %s", code, message, s.now().UTC().Format(time.RFC3339)),
			"error_codes": []int{code}, "timestamp": s.now().UTC().Format("2006-01-02 15:04:05Z"),
		})
	}
	form := r.PostForm
	switch {
	case r.PathValue("tenant") != s.Tenant:
		refuse(http.StatusBadRequest, 90002, "invalid_request", "Tenant '"+r.PathValue("tenant")+"' not found.")
	case form.Get("grant_type") != "client_credentials":
		refuse(http.StatusBadRequest, 70003, "unsupported_grant_type", "The grant type is not supported.")
	case form.Get("client_id") != s.ClientID:
		refuse(http.StatusBadRequest, 700016, "unauthorized_client", "Application with identifier '"+form.Get("client_id")+"' was not found in the directory.")
	case form.Get("scope") != s.URL+"/.default":
		refuse(http.StatusBadRequest, 500011, "invalid_resource", "The resource principal named "+form.Get("scope")+" was not found in the tenant.")
	case form.Has("client_secret") == form.Has("client_assertion"):
		refuse(http.StatusUnauthorized, 7000218, "invalid_client", "The request body must contain 'client_assertion' or 'client_secret'.")
	case form.Has("client_secret") && (s.Secret == "" || form.Get("client_secret") != s.Secret):
		refuse(http.StatusUnauthorized, 7000215, "invalid_client", "Invalid client secret provided.")
	case form.Has("client_assertion") && !s.proven(r):
		refuse(http.StatusUnauthorized, 700213, "invalid_client", "No matching federated identity record found for presented assertion.")
	default:
		_ = json.NewEncoder(w).Encode(map[string]any{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": s.issue(s.URL)})
	}
}

// issue returns an access token for an audience.
func (s *Server) issue(audience string) string {
	s.Lock()
	defer s.Unlock()
	token := fmt.Sprintf("eyJ0eXAi-access-token-%d", len(s.tokens)+1)
	s.tokens[token] = access{audience: audience, permissions: s.Permissions, expires: s.Clock().Add(time.Hour)}
	return token
}

// Issue returns an access token for another audience than Graph.
func (s *Server) Issue(audience string) string { return s.issue(audience) }

func (s *Server) now() time.Time {
	s.Lock()
	defer s.Unlock()
	return s.Clock()
}

// proven reports whether the client assertion is a token of a federated credential, for
// its audience and signed by its issuer.
func (s *Server) proven(r *http.Request) bool {
	if r.PostForm.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		return false
	}
	return slices.ContainsFunc(s.Federated, func(f Federated) bool {
		provider, err := oidc.NewProvider(r.Context(), f.Issuer)
		if err != nil {
			return false
		}
		verifier := provider.Verifier(&oidc.Config{ClientID: f.Audience, Now: s.now})
		token, err := verifier.Verify(r.Context(), r.PostForm.Get("client_assertion"))
		return err == nil && token.Subject == f.Subject
	})
}
