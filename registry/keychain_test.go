package registry

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	server "github.com/google/go-containerregistry/pkg/registry"
)

// configured makes text the docker configuration, and the only one.
func configured(t *testing.T, text string) {
	t.Helper()
	dir := t.TempDir()
	for _, variable := range []string{"DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"} {
		t.Setenv(variable, "")
	}
	t.Setenv("HOME", dir)
	t.Setenv("XDG_CONFIG_HOME", dir)
	t.Setenv("DOCKER_CONFIG", dir)
	if text != "" {
		must(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o600))
	}
}

// login is an entry of "auths".
func login(user string) string {
	return `{"auth":"` + base64.StdEncoding.EncodeToString([]byte(user+":hunter2")) + `"}`
}

// user is whose credentials are found for repository.
func user(t *testing.T, repository string) (string, error) {
	t.Helper()
	target, err := name.NewRepository(repository)
	must(t, err)
	found, err := (&keychain{}).ResolveContext(context.Background(), target)
	if err != nil {
		return "", err
	}
	auth, err := found.Authorization()
	must(t, err)
	return auth.Username + auth.IdentityToken, nil
}

func TestTheMostSpecificCredentialsAreChosen(t *testing.T) {
	nested := `{"auths":{"r.example.com":` + login("host") + `,"r.example.com/pay":` + login("pay") + `,"r.example.com/pay/api":` + login("api") +
		`,"r.example.com/other":` + login("other") + `,"https://old.example.com/v2/":` + login("old") + `,"https://index.docker.io/v1/":` + login("hub") +
		`,"docker.io/acme":` + login("acme") + `,"empty.example.com":{},"p.example.com/only":` + login("only") + `}}`
	configured(t, nested)
	tests := map[string]string{
		"r.example.com/pay/api":       "api",
		"r.example.com/pay/api/debug": "api",
		"r.example.com/pay/web":       "pay",
		"r.example.com/payments":      "host",
		"r.example.com/x":             "host",
		"old.example.com/x":           "old",
		"nginx":                       "hub",
		"acme/app":                    "acme",
		"empty.example.com/x":         "",
		"p.example.com/else":          "",
		"p.example.com/only":          "only",
		"unknown.example.com/x":       "",
	}
	for range 20 { // the order of a map is another one each time
		for repository, want := range tests {
			if got, err := user(t, repository); err != nil || got != want {
				t.Fatalf("%s: the credentials of %q, %v; want %q", repository, got, err, want)
			}
		}
	}
}

func TestOfTwoSpellingsOneIsAlwaysChosen(t *testing.T) {
	configured(t, `{"auths":{"https://a.example.com/v1/":`+login("v1")+`,"https://a.example.com/v2/":`+login("v2")+`,"https://b.example.com":`+login("url")+`,"b.example.com":`+login("plain")+`}}`)
	for range 20 {
		for repository, want := range map[string]string{"a.example.com/x": "v1", "b.example.com/x": "plain"} {
			if got, err := user(t, repository); err != nil || got != want {
				t.Fatalf("%s: the credentials of %q, %v; want %q", repository, got, err, want)
			}
		}
	}
}

func TestWhereTheConfigurationIs(t *testing.T) {
	put := func(t *testing.T, user string, path ...string) string {
		file := filepath.Join(path...)
		must(t, os.MkdirAll(filepath.Dir(file), 0o700))
		must(t, os.WriteFile(file, []byte(`{"auths":{"r.example.com":`+login(user)+`}}`), 0o600))
		return file
	}
	configured(t, "")
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", "")
	t.Setenv("HOME", dir)
	expect := func(want string) {
		t.Helper()
		if got, err := user(t, "r.example.com/x"); err != nil || got != want {
			t.Errorf("the credentials of %q, %v; want %q", got, err, want)
		}
	}
	expect("")
	t.Setenv("XDG_CONFIG_HOME", "")
	put(t, "podman", dir, ".config", "containers", "auth.json")
	expect("podman")
	t.Setenv("XDG_RUNTIME_DIR", filepath.Join(dir, "run"))
	put(t, "runtime", dir, "run", "containers", "auth.json")
	expect("runtime")
	t.Setenv("REGISTRY_AUTH_FILE", put(t, "named", dir, "auth.json"))
	expect("named")
	put(t, "home", dir, ".docker", "config.json")
	expect("home")
	t.Setenv("DOCKER_CONFIG", filepath.Dir(put(t, "docker", dir, "d", "config.json")))
	expect("docker")
	t.Setenv("DOCKER_AUTH_CONFIG", `{"auths":{"r.example.com":`+login("variable")+`}}`)
	expect("variable")
	t.Setenv("DOCKER_AUTH_CONFIG", `{"auths":{"other.example.com":`+login("variable")+`}}`)
	expect("docker")
}

func TestTheErrorOfABrokenConfigurationQuotesNothing(t *testing.T) {
	tests := map[string]string{
		`{"auths":{"r.example.com":{"auth":"hunter2!"}}}`:                                                     `config.json, auths["r.example.com"]: "auth" is not base64`,
		`{"auths":{"r.example.com":{"auth":"` + base64.StdEncoding.EncodeToString([]byte("hunter2")) + `"}}}`: `"auth" is not base64 of user:password`,
		`{"auths":{"r.example.com":{"auth":hunter2}}}`:                                                        "config.json is not a docker configuration",
		`{"auths":"hunter2"}`:                               "config.json is not a docker configuration",
		`{"credHelpers":{"r.example.com":"../../hunter2"}}`: "the name of a helper is no path",
		`{"credHelpers":{"r.example.com":"not-there"},"auths":{"r.example.com":{"username":"a","password":"hunter2"}}}`: "helper docker-credential-not-there cannot be run: it is not in PATH",
	}
	for text, want := range tests {
		configured(t, text)
		_, err := user(t, "r.example.com/x")
		if err == nil || !strings.HasPrefix(err.Error(), "credentials for r.example.com: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if err != nil && strings.Contains(strings.ReplaceAll(err.Error(), "../../hunter2", ""), "hunter2") {
			t.Errorf("%s: the error quotes it: %v", text, err)
		}
		if got, err := user(t, "other.example.com/x"); err != nil && !strings.Contains(want, "configuration") || got != "" {
			t.Errorf("%s: another registry's credentials: %q, %v", text, got, err)
		}
	}
}

// guarded is a registry in which each repository has a user of its own, whose
// password is hunter2. It asks for a password itself, or sends clients to a
// token server.
func guarded(t *testing.T, bearer bool) string {
	t.Helper()
	images := server.New(server.Logger(log.New(io.Discard, "", 0)))
	allowed := func(repository string, r *http.Request) bool {
		user, password, _ := r.BasicAuth()
		return password == "hunter2" && user == strings.ReplaceAll(repository, "/", "-")
	}
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		_, rest, _ := strings.Cut(r.FormValue("scope"), ":")
		repository, _, _ := strings.Cut(rest, ":")
		if !allowed(repository, r) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		must(t, json.NewEncoder(w).Encode(map[string]string{"token": "for " + repository}))
	})
	mux.HandleFunc("/v2/", func(w http.ResponseWriter, r *http.Request) {
		repository, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/manifests/")
		if bearer && r.Header.Get("Authorization") != "Bearer for "+repository || !bearer && !allowed(repository, r) {
			challenge := `Basic realm="images"`
			if bearer {
				challenge = `Bearer realm="` + s.URL + `/token",service="images"`
			}
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		images.ServeHTTP(w, r)
	})
	return strings.TrimPrefix(s.URL, "http://")
}

func TestEachRepositoryIsReadWithItsOwnCredentials(t *testing.T) {
	for kind, bearer := range map[string]bool{"basic": false, "bearer": true} {
		t.Run(kind, func(t *testing.T) {
			host := guarded(t, bearer)
			read := func(repository string) error {
				ref, err := Parse(host+"/"+repository+":v1", Options{})
				must(t, err)
				_, err = ref.Resolve(context.Background())
				return err
			}
			configured(t, fmt.Sprintf(`{"auths":{"%s":%s,"%s/pay":%s,"%s/pay/api":%s}}`, host, login("web"), host, login("pay"), host, login("pay-api")))
			for _, repository := range []string{"web", "pay/api"} {
				if err := read(repository); !errors.Is(err, ErrAbsent) {
					t.Errorf("%s: %v, want that the registry answers", repository, err)
				}
			}
			err := read("other")
			if err == nil || errors.Is(err, ErrAbsent) || !strings.Contains(err.Error(), "credentials for "+host+": the registry refuses read access to other with the credentials of ") ||
				!strings.Contains(err.Error(), `config.json, auths["`+host+`"] (401)`) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("with another repository's credentials: %v", err)
			}
			configured(t, "{}")
			if err := read("web"); err == nil || !strings.Contains(err.Error(), "with no credentials (401); docker login "+host) {
				t.Errorf("without credentials: %v", err)
			}
		})
	}
}

// FuzzDockerFile shows that no configuration makes the reader panic, and that
// the same credentials are chosen each time.
func FuzzDockerFile(f *testing.F) {
	f.Add(`{"auths":{"r.example.com/pay":`+login("a")+`,"https://r.example.com/v1/":{"identitytoken":"x"}}}`, "r.example.com/pay/api")
	f.Add(`{"auths":{"docker.io":{"username":"a","password":"b"}},"credHelpers":{"r":""}}`, "index.docker.io/library/x")
	f.Fuzz(func(t *testing.T, text, repository string) {
		file, err := parseDockerFile("config.json", []byte(text))
		if err != nil {
			return
		}
		file.CredHelpers, file.CredsStore = nil, ""
		first, origin, err := file.credentials(context.Background(), repository)
		for range 3 {
			again, from, other := file.credentials(context.Background(), repository)
			if origin != from || (err == nil) != (other == nil) || (first == nil) != (again == nil) || first != nil && *first != *again {
				t.Fatalf("%s, then %s", origin, from)
			}
		}
	})
}
