package server

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/internal/web"
	"github.com/prodgate/prodgate/server/token"
	"github.com/prodgate/prodgate/trail/step"
)

// anyName matches every name.
const anyName = "*"

// Config is the server's configuration file.
type Config struct {
	Version int    `json:"version"`
	Listen  string `json:"listen"` // HOST:PORT

	// TLS are the server's certificate and key. Without them it speaks plain HTTP, which
	// must be asked for unless it listens on this machine only.
	TLS       *TLS `json:"tls,omitempty"`
	PlainHTTP bool `json:"plain_http,omitempty"`

	// Audience is what tokens must be made for: the address that clients use, without a
	// path.
	Audience string `json:"audience"`

	Trail    string `json:"trail"`
	TrailKey string `json:"trail_key,omitempty"`

	Issuers []IssuerConfig `json:"issuers,omitempty"`
	Writers []WriterRule   `json:"writers,omitempty"`
	Readers []ReaderRule   `json:"readers,omitempty"`
	Tokens  []ReaderToken  `json:"tokens,omitempty"`

	Webhooks []WebhookConfig `json:"webhooks,omitempty"`

	// RequestsPerMinute is how many requests one writer or reader may send.
	RequestsPerMinute int `json:"requests_per_minute,omitempty"`
}

// TLS names PEM files.
type TLS struct {
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
}

// IssuerConfig is a CI system whose tokens are accepted.
type IssuerConfig struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"` // github or gitlab
	URL     string `json:"url"`
	Address string `json:"address,omitempty"` // of its web pages
}

// Who selects jobs of a CI system. Every field that is given must match exactly; a list
// matches if one of its items does. Refs, workflows and environments may end in *.
type Who struct {
	Issuer       string   `json:"issuer"`
	Repository   string   `json:"repository"`
	RepositoryID string   `json:"repository_id"`
	Refs         []string `json:"refs,omitempty"`
	Environments []string `json:"environments,omitempty"` // of the CI system
	Workflows    []string `json:"workflows,omitempty"`
	Events       []string `json:"events,omitempty"`
	AnyRef       bool     `json:"any_ref,omitempty"`
}

// WriterRule says what some jobs may write.
type WriterRule struct {
	Name string `json:"name"`
	Who  Who    `json:"who"`
	May  May    `json:"may"`
}

// May are the entries that a writer may write: each field must match. "*" is any; a type
// may end in .*, as in deploy.*.
type May struct {
	Services     []string `json:"services"`
	Environments []string `json:"environments"`
	Types        []string `json:"types"`
}

// ReaderRule says which jobs may read the trail.
type ReaderRule struct {
	Name string `json:"name"`
	Who  Who    `json:"who"`
}

// ReaderToken is a secret of a reader that is no job of a CI system: an auditor.
type ReaderToken struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of the secret, hexadecimal
}

// WebhookConfig is a CI system that reports reviews of runs when they are given, at
// /v1/webhooks/NAME.
type WebhookConfig struct {
	Name   string `json:"name"`
	Issuer string `json:"issuer"` // of kind github

	// SecretFile is a file with the secret that signs deliveries, at least 20 characters.
	SecretFile string `json:"secret_file"`

	Repository   string `json:"repository"`
	RepositoryID string `json:"repository_id"`

	secret  []byte
	address string // of the CI system's web pages
}

// defaultRate is the default of RequestsPerMinute.
const defaultRate = 600

// ReadConfig reads and checks a configuration file. Relative paths count from its
// folder. The error lists what is wrong, and what to write.
func ReadConfig(ctx context.Context, file string) (*Config, error) {
	text, err := strict.Path{Name: file, Key: "the file", In: "the command line"}.Read(ctx)
	if err != nil {
		return nil, err
	}
	return parseConfig(text, filepath.Dir(file))
}

func parseConfig(text strict.Text, dir string) (*Config, error) {
	c := &Config{}
	if err := text.Decode(c, strict.Rules{}); err != nil {
		return nil, err
	}
	if c.RequestsPerMinute == 0 {
		c.RequestsPerMinute = defaultRate
	}
	if !strings.Contains(c.Trail, "://") {
		c.Trail = anchored(dir, strings.TrimPrefix(c.Trail, "sqlite:"))
	}
	c.TrailKey = anchored(dir, c.TrailKey)
	if c.TLS != nil {
		c.TLS.Certificate, c.TLS.Key = anchored(dir, c.TLS.Certificate), anchored(dir, c.TLS.Key)
	}
	for n := range c.Webhooks {
		c.Webhooks[n].SecretFile = anchored(dir, c.Webhooks[n].SecretFile)
	}
	var wrong []error
	for _, check := range []func() error{c.checkListen, c.checkIssuers, c.checkWriters, c.checkReaders, c.checkWebhooks} {
		wrong = append(wrong, check())
	}
	return c, errors.Join(wrong...)
}

func anchored(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func (c *Config) checkListen() error {
	host, _, err := net.SplitHostPort(c.Listen)
	audience, bad := web.Parse(c.Audience)
	ip := net.ParseIP(host)
	switch {
	case c.Version != 1:
		return fmt.Errorf("version is %d; this prodgate reads version 1", c.Version)
	case err != nil:
		return fmt.Errorf("listen %q must be HOST:PORT: %w", c.Listen, err)
	case c.TLS == nil && !c.PlainHTTP && host != "localhost" && (ip == nil || !ip.IsLoopback()):
		return fmt.Errorf("listen %s: without tls, others can read tokens and change answers: add tls, or plain_http: true if a proxy in front of it terminates TLS", c.Listen)
	case c.TLS != nil && (c.TLS.Certificate == "" || c.TLS.Key == ""):
		return errors.New("tls needs a certificate and a key")
	case bad != nil:
		return fmt.Errorf("audience %q must be the address that clients use, https://HOST: %w", c.Audience, bad)
	case web.Host(audience) != c.Audience:
		return fmt.Errorf("audience %q must be %q: the address that clients use, without a path", c.Audience, web.Host(audience))
	case c.Trail == "" || strings.HasPrefix(c.Trail, "http"):
		return errors.New("trail must be the path of a SQLite file, or postgres://HOST/DATABASE")
	case c.RequestsPerMinute < 1:
		return errors.New("requests_per_minute must be at least 1")
	}
	return nil
}

func (c *Config) checkIssuers() error {
	names, urls := map[string]bool{}, map[string]bool{}
	for n, i := range c.Issuers {
		at, err := web.Parse(i.URL)
		switch {
		case i.Name == "" || names[i.Name]:
			return fmt.Errorf("issuers[%d].name %q must be there and be unique", n, i.Name)
		case err != nil:
			return fmt.Errorf("issuers[%d].url: %w", n, err)
		case at.String() != i.URL || urls[i.URL]:
			return fmt.Errorf("issuers[%d].url %q must be exactly the claim iss of its tokens, once", n, i.URL)
		case !slices.Contains(token.Kinds, i.Kind):
			return fmt.Errorf("issuers[%d].kind %q must be one of %s", n, i.Kind, strings.Join(token.Kinds, ", "))
		}
		names[i.Name], urls[i.URL] = true, true
	}
	return nil
}

func (c *Config) checkWriters() error {
	of := map[string]string{} // issuer by repository
	for n := range c.Writers {
		w := &c.Writers[n]
		where := fmt.Sprintf("writers[%d]", n)
		if err := c.checkWho(&w.Who, where+".who"); err != nil {
			return err
		}
		if other := of[w.Who.Repository]; other != "" && other != w.Who.Issuer {
			return fmt.Errorf("%s.who: %s is a repository of issuers %s and %s, which the trail could not tell apart", where, w.Who.Repository, other, w.Who.Issuer)
		}
		of[w.Who.Repository] = w.Who.Issuer
		switch {
		case w.Name == "":
			return fmt.Errorf("%s.name is empty", where)
		case len(w.May.Services) == 0 || len(w.May.Environments) == 0 || len(w.May.Types) == 0:
			return fmt.Errorf("%s.may must list services, environments and types; %q is any", where, anyName)
		}
		for _, pattern := range w.May.Types {
			if !knownTypes(pattern) {
				help := "see prodgate audit record --help for the types"
				if hint := spelling.Hint(pattern, step.Names()); hint != "" {
					help = hint
				}
				return fmt.Errorf("%s.may.types: unknown type %q; %s", where, pattern, help)
			}
		}
	}
	return nil
}

// knownTypes reports whether a pattern matches a type of steps.
func knownTypes(pattern string) bool {
	return strings.HasPrefix(pattern, step.CustomPrefix) || slices.ContainsFunc(step.Names(), func(t string) bool { return matches(pattern, t) })
}

func (c *Config) checkReaders() error {
	for n := range c.Readers {
		if err := c.checkWho(&c.Readers[n].Who, fmt.Sprintf("readers[%d].who", n)); err != nil {
			return err
		}
	}
	for n := range c.Tokens {
		t := &c.Tokens[n]
		t.SHA256 = strings.ToLower(t.SHA256)
		if b, err := hex.DecodeString(t.SHA256); err != nil || len(b) != 32 || t.Name == "" {
			return fmt.Errorf("tokens[%d] must have a name and sha256, the SHA-256 of a random secret in hexadecimal", n)
		}
	}
	if len(c.Writers) == 0 && len(c.Readers) == 0 && len(c.Tokens) == 0 {
		return errors.New("no writers, readers or tokens are listed: nobody could use the server")
	}
	return nil
}

// checkWho checks a selection of jobs. A repository's name can be taken over, its id
// cannot; a job of any branch is one that the author of a change can write.
func (c *Config) checkWho(w *Who, where string) error {
	w.Repository = strings.ToLower(w.Repository)
	switch {
	case !slices.ContainsFunc(c.Issuers, func(i IssuerConfig) bool { return i.Name == w.Issuer }):
		return fmt.Errorf("%s.issuer %q is not in issuers", where, w.Issuer)
	case !strings.Contains(w.Repository, "/"):
		return fmt.Errorf("%s.repository %q must be OWNER/NAME", where, w.Repository)
	case w.RepositoryID == "" || strings.Trim(w.RepositoryID, "0123456789") != "":
		return fmt.Errorf("%s.repository_id %q must be the number of %s: its name can be taken over, the number cannot", where, w.RepositoryID, w.Repository)
	case slices.Contains(slices.Concat(w.Refs, w.Environments, w.Workflows, w.Events), anyName):
		return fmt.Errorf("%s: %q alone selects nothing: leave the list out, and set any_ref: true if jobs of every branch count", where, anyName)
	case !w.AnyRef && len(w.Refs)+len(w.Environments)+len(w.Workflows) == 0:
		return fmt.Errorf("%s: list refs, environments or workflows: without them, the author of a change could run a job on any branch that counts; any_ref: true allows that", where)
	case !w.AnyRef && slices.ContainsFunc(w.Refs, everyBranch):
		return fmt.Errorf("%s.refs: %q matches every branch, also one by the author of a change: write refs/heads/NAME or refs/tags/*; any_ref: true allows every branch", where, w.Refs)
	case !w.AnyRef && len(w.Refs)+len(w.Environments) == 0 && slices.ContainsFunc(w.Workflows, everyVersion):
		return fmt.Errorf("%s.workflows: %q matches a workflow of every branch, also one by the author of a change: write …/FILE@refs/heads/NAME, or list refs or environments too; any_ref: true allows every branch", where, w.Workflows)
	}
	return nil
}

// everyBranch reports whether a pattern of refs matches each branch.
func everyBranch(pattern string) bool {
	prefix, open := strings.CutSuffix(pattern, anyName)
	return open && strings.HasPrefix("refs/heads/", prefix)
}

// everyVersion reports whether a pattern of workflows, PATH@REF, leaves the branch open.
func everyVersion(pattern string) bool {
	at := strings.LastIndex(pattern, "@refs/")
	return strings.HasSuffix(pattern, anyName) && (at < 0 || everyBranch(pattern[at+1:]))
}

// matches compares a name with a pattern, in which a * at the end matches the rest.
func matches(pattern, name string) bool {
	if prefix, open := strings.CutSuffix(pattern, "*"); open {
		return strings.HasPrefix(name, prefix)
	}
	return pattern == name
}

// oneOf reports whether one of patterns matches; an empty list does not restrict.
func oneOf(patterns []string, name string) bool {
	return len(patterns) == 0 || name != "" && slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}

// covers reports whether a job is one of those selected.
func (w *Who) covers(id token.Identity) bool {
	return w.Issuer == id.Issuer && w.Repository == id.Repository && w.RepositoryID == id.RepositoryID &&
		oneOf(w.Refs, id.Ref) && oneOf(w.Environments, id.Environment) && oneOf(w.Workflows, id.Workflow) && oneOf(w.Events, id.Event)
}

// allows reports whether entries of a type, service and environment may be written. An
// entry without a service or an environment is about all of them.
func (m *May) allows(typ, service, environment string) bool {
	return matched(m.Types, typ) && matched(m.Services, service) && matched(m.Environments, environment)
}

// matched reports whether one of patterns matches. Nothing but "*" matches an empty name.
func matched(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return p == anyName || name != "" && matches(p, name) })
}
