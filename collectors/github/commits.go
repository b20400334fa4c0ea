package github

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/collectors/internal/review"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// commit is a commit of the repository. Author is null if no account has the author's
// mail address.
type commit struct {
	SHA    string   `json:"sha"`
	Author *account `json:"author"`
}

var abbreviated = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

// authors are the commits that may be deployed, by the id of the account that wrote them,
// with those accounts. The run may be of another commit than the build.
func (r *reading) authors(req facts.Request) (wrote map[int64][]string, accounts []account, err error) {
	wrote = map[int64][]string{}
	refs := review.Commits(r.ctx, r.run.HeadSHA, req)
	commits := make([]commit, len(refs))
	err = rest.Each(len(refs), func(i int) (err error) {
		commits[i], err = r.commit(refs[i])
		if i > 0 && absent(err) {
			return nil // it is no commit of this repository
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	for i, found := range commits {
		if found.Author == nil || found.Author.ID == 0 && found.Author.Login == "" {
			continue
		}
		if _, err := found.Author.ids(); err != nil {
			return nil, nil, fmt.Errorf("author of the commit %s: %w", refs[i], err)
		}
		wrote[found.Author.ID] = append(wrote[found.Author.ID], found.SHA)
		accounts = append(accounts, *found.Author)
	}
	return wrote, accounts, nil
}

// commit reads the commit with a hash, or the beginning of one.
func (r *reading) commit(ref string) (commit, error) {
	var found commit
	path := r.repository("commits", ref)
	if err := r.get(path, readContents, &found); err != nil {
		return commit{}, err
	}
	if !abbreviated.MatchString(found.SHA) || !strings.HasPrefix(found.SHA, ref) {
		return commit{}, fmt.Errorf("GET %s: the answer is about the commit %q", path, found.SHA)
	}
	return found, nil
}

// absent reports whether a commit does not exist. GitHub answers 422 for a name that is
// no commit.
func absent(err error) bool {
	var status *web.StatusError
	return errors.As(err, &status) && (status.Status == http.StatusNotFound || status.Status == http.StatusUnprocessableEntity)
}
