package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Auth is how requests identify themselves: Bearer, Basic or Key. The zero Auth
// sends nothing. It prints as a placeholder.
type Auth struct {
	header, value string
	secrets       []string
	err           error
}

// Bearer authenticates with a token (RFC 6750).
func Bearer(token string) Auth {
	return Auth{header: "Authorization", value: "Bearer " + token, secrets: []string{token}, err: usable("token", token)}
}

// Basic authenticates with a user name and a password (RFC 7617).
func Basic(user, password string) Auth {
	a := Auth{header: "Authorization", err: usable("password", password)}
	pair := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	a.value, a.secrets = "Basic "+pair, []string{password, pair}
	if a.err == nil && (user == "" || strings.Contains(user, ":")) {
		a.err = errors.New("the user name must not be empty or contain a colon")
	}
	return a
}

// Key authenticates with a header of the server's own, such as PRIVATE-TOKEN.
func Key(header, value string) Auth {
	a := Auth{header: header, value: value, secrets: []string{value}, err: usable("key", value)}
	if header == "" {
		a.err = errors.New("the header's name is empty")
	}
	return a
}

// usable returns an error for a secret that is empty, as of a variable that is
// not set, or that no header can hold.
func usable(what, secret string) error {
	switch {
	case secret == "":
		return fmt.Errorf("the %s is empty", what)
	case strings.TrimSpace(secret) != secret:
		return fmt.Errorf("the %s begins or ends with a space or a line break", what)
	case strings.ContainsFunc(secret, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("the %s contains a control character", what)
	}
	return nil
}

// String hides the secret.
func (a Auth) String() string { return "[redacted]" }

// GoString hides the secret.
func (a Auth) GoString() string { return "web.Auth{[redacted]}" }

// redactor replaces secrets in every form in which a URL, a header or JSON may
// repeat them.
func redactor(secrets []string) *strings.Replacer {
	var forms []string
	for _, secret := range secrets {
		quoted, _ := json.Marshal(secret) // a string always is JSON
		forms = append(forms, secret, url.QueryEscape(secret), url.PathEscape(secret), strings.Trim(string(quoted), `"`),
			base64.StdEncoding.EncodeToString([]byte(secret)))
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, form := range slices.Compact(forms) {
		if form != "" {
			pairs = append(pairs, form, "[redacted]")
		}
	}
	return strings.NewReplacer(pairs...)
}
