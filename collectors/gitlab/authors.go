package gitlab

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/collectors/internal/review"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/web"
)

// commit is a commit of the project. GitLab names its author by mail address only.
type commit struct {
	ID          string `json:"id"`
	AuthorEmail string `json:"author_email"`
}

// mergeRequest is one that a commit belongs to.
type mergeRequest struct {
	Author *account `json:"author"`
}

// noReply matches the addresses that GitLab gives to accounts: ID-NAME@users.noreply.HOST.
var noReply = regexp.MustCompile(`^([0-9]{1,18})-[^@]+@users\.noreply\.`)

// authors are the commits that may be deployed, by the id of the account that wrote
// them, with those accounts. The pipeline may be of another commit than the build.
func (d *directory) authors(req facts.Request) (wrote map[int64][]string, accounts []account, err error) {
	wrote = map[int64][]string{}
	for i, ref := range review.Commits(d.ctx, d.pipeline.SHA, req) {
		var found commit
		path := d.project("repository", "commits", ref)
		err := d.reading.get(path, nil, readProject, &found)
		if i > 0 && web.NotFound(err) {
			continue // it is no commit of this project
		}
		if err != nil {
			return nil, nil, err
		}
		if found.ID == "" || !strings.HasPrefix(found.ID, ref) {
			return nil, nil, fmt.Errorf("GET %s: the answer is about the commit %q", path, found.ID)
		}
		of, err := d.authorsOf(found)
		if err != nil {
			return nil, nil, err
		}
		for _, a := range of {
			wrote[a.ID] = append(wrote[a.ID], found.ID)
		}
		accounts = append(accounts, of...)
	}
	return wrote, accounts, nil
}

// authorsOf are the accounts that may have written a commit, each once: those with its
// mail address, and the authors of its merge requests.
func (d *directory) authorsOf(c commit) (list []account, err error) {
	if of := noReply.FindStringSubmatch(c.AuthorEmail); of != nil {
		id, _ := strconv.ParseInt(of[1], 10, 64) // at most 18 digits
		var found user
		path := web.Path("users", strconv.FormatInt(id, 10))
		err := d.get(d.ctx, path, readUsers, &found)
		if err != nil && !web.NotFound(err) {
			return nil, err
		}
		if err == nil {
			list = append(list, found.account)
		}
	} else if strings.Contains(c.AuthorEmail, "@") {
		call := web.Call{Path: "/users", Query: url.Values{"search": {c.AuthorEmail}, "per_page": {"100"}}}
		answer, err := d.api.Do(d.ctx, call)
		if err != nil {
			return nil, rest.TokenIn(d.groupTokenVariable()).Denied(err, readUsers)
		}
		if err := rest.Decode(call.Path, answer, &list); err != nil {
			return nil, err
		}
	}
	path := d.project("repository", "commits", c.ID, "merge_requests")
	err = d.pages(path, nil, readProject, func(answer *web.Answer) error {
		var page []mergeRequest
		err := rest.Decode(path, answer, &page)
		for _, m := range page {
			if m.Author != nil {
				list = append(list, *m.Author)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		if _, err := a.ids(); err != nil {
			return nil, fmt.Errorf("author of the commit %s: %w", c.ID, err)
		}
	}
	return once(list), nil
}
