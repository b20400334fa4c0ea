package review

import (
	"context"
	"strings"

	"github.com/prodgate/prodgate/facts"
)

// Commits are the commits that may be deployed, each once: head, which is that of the run,
// the one that the build names, and the one that the image is tagged with, which can be
// abbreviated. Only the first is known to be in the repository of the run.
func Commits(ctx context.Context, head string, req facts.Request) []string {
	commits := []string{head}
	add := func(commit string) {
		for _, known := range commits {
			if strings.HasPrefix(known, commit) {
				return
			}
		}
		commits = append(commits, commit)
	}
	if req.Built != nil {
		add(req.Built(ctx))
	}
	add(commitTag(req.Reference))
	return commits
}

// commitTag is the tag of an image reference if it can be a commit, or the beginning of
// one; otherwise empty.
func commitTag(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	name = name[strings.LastIndex(name, "/")+1:]
	_, tag, _ := strings.Cut(name, ":")
	if _, ok := facts.Accepts("commit", tag); !ok {
		return ""
	}
	return tag
}
