package github_test

import (
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/githubtest"
)

// Where another system knows teams and MFA, the job's own token is enough.
func TestAnotherSystemKnowsTeamsAndMFA(t *testing.T) {
	s := newSite(t)
	s.reviewed("lead", "approved", "")
	s.settings.Teams, s.settings.Roles, s.settings.TwoFactor = []string{}, nil, "elsewhere"
	s.Tokens[token] = []string{githubtest.Actions, githubtest.Contents, githubtest.Deployments}
	people := s.people(t)
	if len(people) != 2 || len(people[1].Teams) != 0 || people[1].MFA != nil {
		t.Errorf("%+v", people)
	}
	for _, request := range s.Requests() {
		if strings.Contains(request, "/orgs/") {
			t.Errorf("it reads the organization: %s", request)
		}
	}
}
