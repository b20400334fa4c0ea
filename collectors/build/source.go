package build

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/internal/strict"
)

// source is what was built.
type source struct {
	commit     string // full hash, lower-case hex
	repository string // its address without ref and credentials; empty: not known
}

// errSilent says that a record does not name its source where its build type
// does.
var errSilent = errors.New("the record does not name the source commit")

// descriptor is an input of a build, by address and digest.
type descriptor struct {
	Name   string            `json:"name"`
	URI    string            `json:"uri"`
	Digest map[string]string `json:"digest"`
}

// descriptors decodes a list of inputs.
func descriptors(v strict.Value) ([]descriptor, error) {
	var list []descriptor
	err := v.Decode(&list)
	return list, err
}

// gitOnly are those of list that are commits of git repositories.
func gitOnly(list []descriptor) []descriptor {
	return slices.DeleteFunc(slices.Clone(list), func(d descriptor) bool { return !d.isGit() })
}

// isGit reports whether d is a commit of a git repository, by its address or by
// the name of its digest. A SHA-1 digest alone does not make it one.
func (d descriptor) isGit() bool {
	return d.Digest["gitCommit"] != "" || d.Digest["sha1"] != "" && isGitAddress(d.URI)
}

// source is d as the built source, whose digest is its commit.
func (d descriptor) source() (source, error) {
	if d.URI != "" && !isGitAddress(d.URI) && d.Digest["gitCommit"] == "" {
		return source{}, fmt.Errorf("the source %q is not a git repository", d.URI)
	}
	hash, other := d.Digest["gitCommit"], d.Digest["sha1"]
	if hash != "" && other != "" && !strings.EqualFold(hash, other) {
		return source{}, fmt.Errorf("the source %q has two commits, %s and %s", d.URI, hash, other)
	}
	if hash == "" {
		hash = other
	}
	if hash == "" {
		return source{}, errSilent
	}
	repository, _ := splitAddress(d.URI)
	return newSource(hash, repository)
}

// newSource is the source with that commit, if it is a full one.
func newSource(commit, repository string) (source, error) {
	if clean, dirty := strings.CutSuffix(commit, "-dirty"); dirty {
		return source{}, fmt.Errorf("it was built from changes to commit %s that were not committed; commit them and build again", clean)
	}
	normal, err := strict.Normalise(commit, "commit")
	if err != nil || len(normal) != 40 && len(normal) != 64 {
		return source{}, fmt.Errorf("%q is not a full commit hash", commit)
	}
	return source{commit: normal, repository: repository}, nil
}

// agree is the one source that all of the named ones are.
func agree(named []source) (source, error) {
	if len(named) == 0 {
		return source{}, errSilent
	}
	for _, s := range named[1:] {
		if s.commit != named[0].commit {
			return source{}, fmt.Errorf("the record names several sources, which disagree: %s and %s", named[0], s)
		}
	}
	return named[0], nil
}

// agreed is the one source that all of list are.
func agreed(list []descriptor) (source, error) {
	var named []source
	for _, d := range list {
		s, err := d.source()
		if err != nil {
			return source{}, err
		}
		named = append(named, s)
	}
	return agree(named)
}

// confirm returns s unless one of the commits in also, "" for not recorded, is
// another one.
func (s source) confirm(also ...string) (source, error) {
	for _, hash := range also {
		if hash == "" {
			continue
		}
		other, err := newSource(hash, "")
		if err != nil {
			return source{}, err
		}
		if _, err := agree([]source{s, other}); err != nil {
			return source{}, err
		}
	}
	return s, nil
}

// String is how messages name s.
func (s source) String() string {
	if s.repository == "" {
		return "commit " + s.commit
	}
	return "commit " + s.commit + " of " + s.repository
}

// isGitAddress reports whether uri is the address of a git repository, as SPDX
// (git+https://…) or BuildKit (https://….git#ref) write it.
func isGitAddress(uri string) bool {
	if strings.HasPrefix(uri, "git+") || strings.HasPrefix(uri, "git@") {
		return true
	}
	repository, _ := splitAddress(uri)
	u, err := url.Parse(repository)
	if err != nil {
		return false
	}
	path := strings.Trim(u.Path, "/")
	switch u.Scheme {
	case "git", "ssh":
		return true
	case "http", "https":
		return strings.HasSuffix(path, ".git") || strings.Contains(u.Path, "/_git/") ||
			u.Host == "github.com" && strings.Count(path, "/") == 1
	}
	return false
}

// splitAddress splits the address of a repository, as a record names it, into
// the repository, without what may be a password, and the ref after "@".
func splitAddress(uri string) (repository, ref string) {
	uri = strings.TrimPrefix(uri, "git+")
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok {
		repository, _, _ = strings.Cut(uri, "#")
		return repository, ""
	}
	host, path, _ := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		user, _, _ := strings.Cut(host[:i], ":")
		host = host[i+1:]
		if scheme == "ssh" {
			host = strings.ReplaceAll(user, "@", "") + "@" + host
		}
	}
	if i := strings.IndexAny(path, "@#?"); i >= 0 {
		if path[i] == '@' {
			ref = path[i+1:]
		}
		path = path[:i]
	}
	return scheme + "://" + strings.ToLower(host) + "/" + path, ref
}

// sameRepository reports whether two addresses are of one repository.
func sameRepository(a, b string) bool {
	a, _ = splitAddress(a)
	b, _ = splitAddress(b)
	trim := func(s string) string { return strings.TrimSuffix(strings.TrimSuffix(s, "/"), ".git") }
	return a != "" && trim(a) == trim(b)
}
