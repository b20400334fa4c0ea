package cassette

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// hidden is what stands for a secret that is not the value of a variable.
const hidden = "redacted"

// shortest is the length of the shortest text that is replaced wherever it is: a shorter
// one would be found in words that are no secret.
const shortest = 6

// vault knows the secrets of a run.
type vault struct {
	mu        sync.Mutex
	by        map[string]string // what replaces a value
	variables map[string]variable
}

// add makes value a secret.
func (v *vault) add(value, replaced string) {
	value = strings.TrimSpace(value)
	if len(value) < shortest || value == hidden {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.by == nil {
		v.by = map[string]string{}
	}
	if _, known := v.by[value]; !known {
		v.by[value] = replaced
	}
}

// plain matches the variables by which CI systems describe a run; those that hold secrets
// have names as secretName has.
var plain = regexp.MustCompile(`^(CI|GITLAB_CI|GITLAB_USER_ID|CI_[A-Z0-9_]+|GITHUB_[A-Z0-9_]+)$`)

// variable makes the value of an environment variable a secret, if it can be one.
func (v *vault) variable(name, value string) {
	if value == "" {
		return
	}
	if plain.MatchString(name) && !secretName.MatchString(name) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.know(name, variable{Value: value})
		return
	}
	made := variable{Value: hidden + "-" + strings.ToLower(name)}
	switch u, err := url.Parse(strings.TrimSpace(value)); {
	case strings.Contains(value, "PRIVATE KEY"):
		made = variable{Key: true}
	case err == nil && u.Scheme != "" && u.Host != "":
		made.Value = "https://" + hidden + ".invalid/" + url.PathEscape(strings.ToLower(name))
		if u.RawQuery != "" {
			made.Value += "?" + hidden + "=1"
		}
	}
	v.mu.Lock()
	v.know(name, made)
	v.mu.Unlock()
	v.add(value, cmp.Or(made.Value, hidden))
}

func (v *vault) know(name string, made variable) {
	if v.variables == nil {
		v.variables = map[string]variable{}
	}
	v.variables[name] = made
}

// redirected finds the secrets in the address of a redirect: that of a signed download.
func (v *vault) redirected(address string) {
	u, err := url.Parse(address)
	if err != nil {
		return
	}
	for name, list := range u.Query() {
		for _, value := range list {
			if secretName.MatchString(name) {
				v.add(value, hidden)
			}
		}
	}
}

// secretName matches the names of fields that hold secrets.
var secretName = regexp.MustCompile(`(?i)(token|secret|passw|assertion|signature|api[-_]?key|credential|^code$|^sig$|^jwt$|^pwd$|^auth$|^cookie$)`)

// tokenName matches the names of fields by which an answer hands out secrets. A signature
// is none.
var tokenName = regexp.MustCompile(`(?i)^(token|access_?token|id_?token|refresh_?token|job_?token|client_?secret|secret|password)$`)

// shapes are tokens that are known by their looks.
var shapes = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?` +
	`|\b(?:gh[pousr]_|github_pat_|gl[a-z]{2,6}-|xox[abprs]-|AKIA|dckr_pat_)[A-Za-z0-9_.-]{8,}` +
	`|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*-----END [A-Z ]*PRIVATE KEY-----`)

// learn finds the secrets of a request: in its headers, its query and the form in its
// body.
func (v *vault) learn(r *http.Request, body string) {
	for name, values := range r.Header {
		if !secretName.MatchString(name) && !strings.EqualFold(name, "Authorization") && !strings.EqualFold(name, "Proxy-Authorization") {
			continue
		}
		for _, value := range values {
			scheme, credentials, ok := strings.Cut(value, " ")
			if !ok {
				v.add(value, hidden)
			} else {
				v.add(credentials, hidden)
				if pair, err := base64.StdEncoding.DecodeString(credentials); err == nil && strings.EqualFold(scheme, "Basic") {
					_, password, _ := strings.Cut(string(pair), ":")
					v.add(password, hidden)
				}
			}
		}
	}
	if password, ok := r.URL.User.Password(); ok {
		v.add(password, hidden)
	}
	form, _ := url.ParseQuery(body)
	for _, values := range []url.Values{r.URL.Query(), form} {
		for name, list := range values {
			for _, value := range list {
				if secretName.MatchString(name) {
					v.add(value, hidden)
				}
			}
		}
	}
}

// answered finds the secrets in the JSON of an answer: what asks for tokens is answered
// with them.
func (v *vault) answered(body []byte) {
	var value any
	if json.Unmarshal(body, &value) != nil {
		return
	}
	v.walk("", value)
}

func (v *vault) walk(name string, value any) {
	switch value := value.(type) {
	case string:
		if tokenName.MatchString(name) {
			v.add(value, hidden)
		}
	case []any:
		for _, item := range value {
			v.walk(name, item)
		}
	case map[string]any:
		for name, item := range value {
			v.walk(name, item)
		}
	}
}

// clean replaces the secrets in a text.
func (v *vault) clean(text string) string {
	v.mu.Lock()
	pairs := make([][2]string, 0, 3*len(v.by))
	for value, by := range v.by {
		pairs = append(pairs, [2]string{value, by})
		for _, escaped := range []string{url.QueryEscape(value), url.PathEscape(value), jsonText(value)} {
			if escaped != value {
				pairs = append(pairs, [2]string{escaped, by})
			}
		}
	}
	v.mu.Unlock()
	slices.SortFunc(pairs, func(a, b [2]string) int { // the longest first: one can be part of another
		return cmp.Or(cmp.Compare(len(b[0]), len(a[0])), cmp.Compare(a[0], b[0]))
	})
	flat := make([]string, 0, 2*len(pairs))
	for _, p := range pairs {
		flat = append(flat, p[0], p[1])
	}
	return shapes.ReplaceAllString(strings.NewReplacer(flat...).Replace(text), hidden)
}

// jsonText is a text as JSON has it, without its quotes.
func jsonText(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		return text
	}
	return strings.Trim(string(quoted), `"`)
}

// address is the URL of a request without secrets: the user and the values of secret
// parameters are replaced.
func (v *vault) address(u *url.URL) string {
	copied := *u
	copied.User = nil
	query := copied.Query()
	for name := range query {
		if secretName.MatchString(name) {
			query[name] = []string{hidden}
		}
	}
	copied.RawQuery = query.Encode()
	text := v.clean(copied.String())
	if clean, err := url.Parse(text); err == nil { // what replaces a URL has a query of its own
		clean.RawQuery = clean.Query().Encode()
		return clean.String()
	}
	return text
}

// form is a body without secrets, as they differ between two runs.
func (v *vault) form(body string) string {
	values, err := url.ParseQuery(body)
	if err != nil || !strings.Contains(body, "=") {
		return v.clean(body)
	}
	for name := range values {
		if secretName.MatchString(name) {
			values[name] = []string{hidden}
		}
	}
	return v.clean(values.Encode())
}
