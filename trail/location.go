package trail

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"github.com/prodgate/prodgate/internal/web"
)

// place is where a log is kept, and the files that belong to it.
type place struct {
	name     string          // as errors show it, without a password
	path     string          // of the SQLite file, absolute; empty: PostgreSQL
	postgres *pgx.ConnConfig // of PostgreSQL; nil: SQLite or a server
	remote   *url.URL        // of the server that keeps the log; nil: a database
	key      string          // file with the private key; of a server's log only a name for beside
}

// beside returns the file next to the key with another ending: T.db.pub for T.db.key.
func (p place) beside(ending string) string { return strings.TrimSuffix(p.key, ".key") + ending }

func (p place) publicKey() string  { return p.beside(".pub") }
func (p place) remembered() string { return p.beside(".checkpoint") }

// parseLocation reads what a user names a log by.
func parseLocation(location, key string) (place, error) {
	scheme, _, _ := strings.Cut(location, ":")
	switch {
	case location == "":
		return place{}, errors.New("no location of a trail: give the path of a SQLite file, postgres://HOST/DATABASE, or https://HOST of a prodgate server")
	case strings.HasPrefix(location, "postgres://"), strings.HasPrefix(location, "postgresql://"):
		return parsePostgres(location, key)
	case scheme == "https" || scheme == "http":
		return parseServer(location)
	case strings.Contains(location, "://"):
		return place{}, fmt.Errorf("trail %q: unknown scheme %q: use https://, postgres:// or the path of a SQLite file", location, scheme)
	}
	path, err := filepath.Abs(strings.TrimPrefix(location, "sqlite:"))
	if err != nil {
		return place{}, fmt.Errorf("find trail %q: %w", location, err)
	}
	if strings.ContainsRune(path, 0) {
		return place{}, fmt.Errorf("trail %q: no path holds the character NUL", location)
	}
	path = resolve(path)
	if key == "" {
		key = path + ".key"
	}
	return place{name: strings.TrimPrefix(location, "sqlite:"), path: path, key: key}, nil
}

// Files returns the files that belong to the log at location, whether they exist
// or not: its private and public key and its remembered checkpoint, and of SQLite
// the database with its journals. key is as in Options. A location that cannot be
// read has none but those of a key that is given.
func Files(location, key string) []string {
	p, err := parseLocation(location, key)
	if err != nil {
		if key == "" {
			return nil
		}
		p = place{key: key}
	}
	if p.remote != nil {
		if files := pinned(key); p.key != "" {
			return append(files, p.remembered())
		}
		return pinned(key)
	}
	files := []string{p.key, p.publicKey(), p.remembered()}
	if p.path != "" {
		files = append(files, p.path, p.path+"-wal", p.path+"-shm", p.path+"-journal")
	}
	return files
}

// IsPublicKey reports whether text is a public key of a log, NAME+HASH+KEY, and not the
// name of a file.
func IsPublicKey(text string) bool {
	_, err := note.NewVerifier(strings.TrimSpace(text))
	return err == nil
}

// pinned is the file with the public key of a server's log, if it is a file.
func pinned(key string) []string {
	if key == "" || IsPublicKey(key) {
		return nil
	}
	return []string{key}
}

// parseServer reads the address of a server. What is remembered of its log is in the
// user's configuration folder; without one, nothing is.
func parseServer(location string) (place, error) {
	u, err := web.Parse(location)
	switch {
	case err != nil:
		return place{}, fmt.Errorf("read the location of the trail: %w", err) // it may hold a password
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(location, "#"):
		return place{}, fmt.Errorf("trail %s: the address of a server has no query and no fragment", web.Host(u))
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	p := place{name: u.String(), remote: u}
	if folder, err := os.UserConfigDir(); err == nil {
		sum := sha256.Sum256([]byte(p.name))
		p.key = filepath.Join(folder, "prodgate", "trail-"+hex.EncodeToString(sum[:6])+".key")
	}
	return p, nil
}

// resolve follows symbolic links, as SQLite does: what is next to a file is
// next to the real one. A file that does not exist yet is in its real folder.
func resolve(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(folder, filepath.Base(path))
	}
	return path
}

func parsePostgres(location, key string) (place, error) {
	config, err := pgx.ParseConfig(location)
	if err != nil {
		return place{}, fmt.Errorf("read the location of the trail: %w", err) // pgx hides the password
	}
	name := fmt.Sprintf("postgres://%s:%d/%s", config.Host, config.Port, config.Database)
	if config.RuntimeParams["search_path"] == "" {
		config.RuntimeParams["search_path"] = "prodgate"
	}
	if key == "" {
		folder, err := os.UserConfigDir()
		if err != nil {
			return place{}, fmt.Errorf("trail %s: find the signing key: %w: name its file", name, err)
		}
		sum := sha256.Sum256([]byte(name + " " + config.RuntimeParams["search_path"]))
		key = filepath.Join(folder, "prodgate", "trail-"+hex.EncodeToString(sum[:6])+".key")
	}
	return place{name: name, postgres: config, key: key}, nil
}
