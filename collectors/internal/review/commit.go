package review

import (
	"strings"

	"github.com/prodgate/prodgate/facts"
)

// CommitTag is the tag of an image reference if it can be a commit, or the beginning of
// one; otherwise empty.
func CommitTag(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	name = name[strings.LastIndex(name, "/")+1:]
	_, tag, _ := strings.Cut(name, ":")
	if _, ok := facts.Accepts("commit", tag); !ok {
		return ""
	}
	return tag
}
