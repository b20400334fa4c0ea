package recheck

import (
	"fmt"
	"time"

	"github.com/prodgate/prodgate/internal/print"
)

// Print prints the answer for people: ALLOW or DENY, what it is about, and every
// reason why the allow is no longer valid.
func (a *Answer) Print(s *print.Sheet) {
	word := map[bool]string{true: "ALLOW", false: "DENY"}[a.ExitCode == 0]
	s.Linef("%s  %s to %s as of %s", word, print.Value(a.Request.Service), print.Value(a.Request.Environment), a.Now.Format(time.RFC3339))
	deploy := "no image"
	if a.Deploy != nil {
		deploy = *a.Deploy
	}
	s.Hang("  image  ", print.Value(deploy))
	if a.ValidUntil != nil {
		s.Hang("  valid  ", "until "+a.ValidUntil.UTC().Format(time.RFC3339))
	}
	switch {
	case a.Recorded:
		s.Hang("  trail  ", "contains this decision")
	case !a.asked:
		s.Hang("  trail  ", "not configured: the decision file is trusted as it is")
	}
	if a.Mode != "enforce" {
		s.Hang("  mode   ", fmt.Sprintf("%s: the clock was set by --at", a.Mode))
	}
	for _, text := range a.Weakened {
		s.Hang("  weakened  ", print.Value(text))
	}
	for _, r := range a.Reasons {
		s.Blank()
		s.Hang("  ", r.Code+"  "+r.Message)
		s.Hang("    observed  ", print.Value(r.Observed))
		s.Hang("    required  ", print.Value(r.Required))
	}
}
