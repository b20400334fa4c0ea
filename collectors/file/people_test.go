package file_test

import (
	"testing"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/stricttest"
)

func TestPeople(t *testing.T) {
	yes := true
	stricttest.Run(t, reading("people"), []stricttest.Case{
		{Name: "spellings, roles and teams become lower case", Content: "- {ids: ['GitHub:583231', Pat@Example.com], roles: [Platform-Lead], teams: [production-approvers], mfa: true, as_of: 2026-11-24T10:00:00Z}",
			Section: facts.People{{IDs: []string{"github:583231", "mailto:pat@example.com"}, Roles: []string{"platform-lead"}, Teams: []string{"production-approvers"}, MFA: &yes, AsOf: at}}},
		{Name: "whether there is a second factor is not known", Content: "- {ids: ['github:1'], roles: [], teams: [], mfa: null, as_of: 2026-11-24T10:00:00Z}",
			Section: facts.People{{IDs: []string{"github:1"}, Roles: []string{}, Teams: []string{}, AsOf: at}}},
		{Name: "nobody", Content: "[]", Section: facts.People{}},
		{Name: "no word of a second factor", Content: "- {ids: ['github:1'], roles: [], teams: [], as_of: 2026-11-24T10:00:00Z}", Error: "f.yaml:1: [0].mfa is missing"},
		{Name: "a second factor in words", Content: "- {ids: ['github:1'], mfa: 'true'}", Error: "f.yaml:1: [0].mfa is a text, and must be true or false"},
		{Name: "somebody without a name", Content: "- {ids: [], roles: [], teams: [], mfa: true, as_of: 2026-11-24T10:00:00Z}", Error: "f.yaml:1: [0].ids is an empty list"},
		{Name: "no teams, not even []", Content: "- {ids: ['github:1'], roles: [], mfa: true, as_of: 2026-11-24T10:00:00Z}", Error: "f.yaml:1: [0].teams is missing"},
		{Name: "a role with a space", Content: "- {ids: ['github:1'], roles: [Platform Lead]}", Error: `f.yaml:1: [0].roles[0] is "Platform Lead": must be an identifier`},
		{Name: "no date", Content: "- {ids: ['github:1'], roles: [], teams: [], mfa: true}", Error: "f.yaml:1: [0].as_of is missing"},
	})
}
