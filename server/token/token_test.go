package token_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/oidctest"
	"github.com/prodgate/prodgate/server/token"
)

const audience = "https://trail.example.com"

var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func issuer(t *testing.T, make func() (*oidctest.Issuer, error)) *oidctest.Issuer {
	t.Helper()
	i, err := make()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { i.Close() })
	return i
}

func signed(t *testing.T, i *oidctest.Issuer, claims map[string]any) string {
	t.Helper()
	text, err := i.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// verifier accepts tokens of i, by a clock that can be moved.
func verifier(i *oidctest.Issuer, kind string, clock *time.Time) *token.Verifier {
	return token.New(audience, []token.Issuer{{Name: kind, Kind: kind, URL: i.URL}}, func() time.Time { return *clock })
}

func TestATokenSaysWhichJobItIs(t *testing.T) {
	clock := now
	for name, make := range map[string]func() (*oidctest.Issuer, error){"RS256": oidctest.New, "ES256": oidctest.NewES256} {
		i := issuer(t, make)
		got, err := verifier(i, token.GitHub, &clock).Verify(t.Context(), signed(t, i, i.GitHub(audience, now, map[string]any{"environment": "production", "repository": "Acme/payments-api"})))
		want := token.Identity{
			Issuer: "github", URL: i.URL, Kind: token.GitHub, Repository: "acme/payments-api", RepositoryID: "4711", Ref: "refs/heads/main",
			Environment: "production", Workflow: "acme/payments-api/.github/workflows/deploy.yml@refs/heads/main", Event: "workflow_dispatch",
			RunID: "77", Attempt: 1, Run: "https://github.com/Acme/payments-api/actions/runs/77/attempts/1", Request: "acme/payments-api/runs/77/attempts/1", Deployment: "acme/payments-api/runs/77", Actor: "github:583231", Login: "github-login:alice",
		}
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
	i := issuer(t, oidctest.New)
	got, err := verifier(i, token.GitLab, &clock).Verify(t.Context(), signed(t, i, i.GitLab(audience, now, map[string]any{"project_id": 4711})))
	if err != nil || got.Subject() != "repo:acme/payments-api" || got.Run != i.URL+"/acme/payments-api/-/pipelines/88" || got.Actor != "gitlab:583231" || got.RepositoryID != "4711" || got.Request != "acme/payments-api/pipelines/88/jobs/99" || got.Deployment != "acme/payments-api/pipelines/88" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestATokenThatProvesNothingIsRefused(t *testing.T) {
	i, other := issuer(t, oidctest.New), issuer(t, oidctest.New)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	claims := func(changes map[string]any) map[string]any { return i.GitHub(audience, now, changes) }
	with := func(changes map[string]any) string { return signed(t, i, claims(changes)) }
	foreign, err := oidctest.SignWith("RS256", stranger, claims(nil))
	if err != nil {
		t.Fatal(err)
	}
	shared, err := oidctest.SignWith("HS256", []byte(strings.Repeat("k", 32)), claims(nil))
	if err != nil {
		t.Fatal(err)
	}
	long, err := oidctest.SignWith("RS512", stranger, claims(nil))
	if err != nil {
		t.Fatal(err)
	}
	good := with(nil)
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	swapped := strings.Split(with(map[string]any{"repository": "evil/x"}), ".")
	for name, c := range map[string]struct{ raw, want string }{
		"another audience":        {with(map[string]any{"aud": "https://other.example.com"}), "another audience: request one for " + audience},
		"two audiences":           {with(map[string]any{"aud": []string{audience, "https://other.example.com"}}), "2 audiences"},
		"no audience":             {with(map[string]any{"aud": nil}), "another audience"},
		"another issuer":          {signed(t, other, other.GitHub(audience, now, nil)), "is not configured: add it to issuers"},
		"another issuer's key":    {signed(t, other, claims(nil)), "no key of issuer github made"},
		"another key":             {foreign, "no key of issuer github made"},
		"no signature":            {none, "algorithm is not one of"},
		"a shared secret":         {shared, "algorithm is not one of"},
		"another algorithm":       {long, "algorithm is not one of"},
		"another payload":         {parts[0] + "." + swapped[1] + "." + parts[2], "no key of issuer github made"},
		"expired":                 {with(map[string]any{"exp": now.Add(-time.Second).Unix()}), "the token expired"},
		"no end":                  {with(map[string]any{"exp": nil}), "the token expired"},
		"not valid yet":           {with(map[string]any{"nbf": now.Add(time.Hour).Unix()}), "not valid yet"},
		"issued in the future":    {with(map[string]any{"iat": now.Add(2 * time.Minute).Unix()}), "issued in the future"},
		"no time of issue":        {with(map[string]any{"iat": nil}), "does not say when"},
		"no repository":           {with(map[string]any{"repository": nil}), "names no repository"},
		"no repository's id":      {with(map[string]any{"repository_id": nil}), "lacks the repository's id"},
		"a repository's odd id":   {with(map[string]any{"repository_id": "47 11"}), "lacks the repository's id"},
		"no run":                  {with(map[string]any{"run_id": nil}), "lacks the repository's id, the run"},
		"no attempt":              {with(map[string]any{"run_attempt": nil}), "run_attempt"},
		"no ref":                  {with(map[string]any{"ref": nil}), "the ref"},
		"claims of another shape": {with(map[string]any{"repository": []string{"acme/payments-api"}}), "are not those of github"},
		"GitLab's claims":         {signed(t, i, i.GitLab(audience, now, nil)), "run_attempt"},
		"two parts":               {parts[0] + "." + parts[1], "three parts"},
		"no base64":               {"a.!.c", "not base64url"},
		"no JSON":                 {"a." + base64.RawURLEncoding.EncodeToString([]byte("x")) + ".c", "not JSON"},
		"16 KiB":                  {strings.Repeat("a", 17<<10) + "." + parts[1] + ".c", "at most 16 KiB"},
		"nothing":                 {"", "three parts"},
	} {
		clock := now
		id, err := verifier(i, token.GitHub, &clock).Verify(t.Context(), c.raw)
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, token.ErrUnavailable) {
			t.Errorf("%s: %+v, %v; want %q", name, id, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), parts[2]) || strings.Contains(err.Error(), "eyJ")) {
			t.Errorf("%s: the error shows the token: %v", name, err)
		}
	}
}

func TestKeysAreReadAgainWhenTheIssuerReplacesThem(t *testing.T) {
	i := issuer(t, oidctest.New)
	clock := now
	v := verifier(i, token.GitHub, &clock)
	old := signed(t, i, i.GitHub(audience, now, map[string]any{"exp": now.Add(24 * time.Hour).Unix()}))
	if _, err := v.Verify(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if err := i.Rotate(); err != nil {
		t.Fatal(err)
	}
	renewed := signed(t, i, i.GitHub(audience, now, nil))
	for range 20 { // a stranger's tokens do not make the server ask again and again
		if _, err := v.Verify(t.Context(), renewed); err == nil {
			t.Fatal("a new key counts before it was read")
		}
	}
	if asked := i.Asked(); asked != 1 {
		t.Errorf("asked for the keys %d times within 30 s; want once", asked)
	}
	clock = clock.Add(time.Minute)
	if _, err := v.Verify(t.Context(), renewed); err != nil {
		t.Errorf("the new key: %v", err)
	}
	if _, err := v.Verify(t.Context(), old); err == nil || errors.Is(err, token.ErrUnavailable) {
		t.Errorf("the old key: %v; want a refusal", err)
	}
}

func TestAnIssuerThatIsAwayIsNotARefusal(t *testing.T) {
	i := issuer(t, oidctest.New)
	clock := now
	v := verifier(i, token.GitHub, &clock)
	raw := signed(t, i, i.GitHub(audience, now, nil))
	i.SetAway(true)
	ctx := t.Context()
	for range 2 {
		if _, err := v.Verify(ctx, raw); !errors.Is(err, token.ErrUnavailable) {
			t.Errorf("%v; want ErrUnavailable", err)
		}
	}
	i.SetAway(false)
	clock = clock.Add(time.Minute)
	gone, leave := context.WithCancel(ctx) // whoever asks first is gone at once
	leave()
	if _, err := v.Verify(gone, raw); err != nil {
		t.Errorf("a caller that left: %v", err)
	}
	if _, err := v.Verify(ctx, raw); err != nil {
		t.Error(err)
	}
	i.SetAway(true)
	clock = clock.Add(2 * time.Minute)
	if _, err := v.Verify(ctx, raw); err != nil {
		t.Errorf("keys that were read lately: %v", err)
	}
	clock = now.Add(2 * time.Hour)
	if _, err := v.Verify(ctx, signed(t, i, i.GitHub(audience, clock, nil))); !errors.Is(err, token.ErrUnavailable) {
		t.Errorf("keys of hours ago: %v; want ErrUnavailable", err)
	}
}

func FuzzToken(f *testing.F) {
	i, err := oidctest.New()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { i.Close() })
	clock := now
	v := verifier(i, token.GitHub, &clock)
	good, err := i.Sign(i.GitHub(audience, now, nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("a.eyJpc3MiOiJ4In0.c")
	f.Fuzz(func(t *testing.T, raw string) {
		if _, err := v.Verify(t.Context(), raw); err == nil && raw != good {
			// Only another spelling of the signature's last bits is the same token.
			if cut := strings.LastIndex(raw, "."); raw[:cut] != good[:strings.LastIndex(good, ".")] {
				t.Errorf("accepted %q", raw)
			}
		}
	})
}
