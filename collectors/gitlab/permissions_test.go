package gitlab_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/collectors/gitlab"
	"github.com/prodgate/prodgate/collectors/source"
)

func TestTheProjectIsTestedWithoutAPipeline(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*site)
		want   string // empty: it works
	}{
		{"everything is there", func(*site) {}, ""},
		{"no token", func(s *site) { delete(s.env, "GITLAB_TOKEN") }, "the variable GITLAB_TOKEN is not set"},
		{"a wrong token", func(s *site) { s.env["GITLAB_TOKEN"] = "glpat-wrong" }, "401 Unauthorized"},
		{"a group that is not there", func(s *site) { s.settings.Roles = map[string][]string{"vp-engineering": {"acme/vps"}} }, "the group acme/vps cannot be seen"},
		{"an environment that nobody protects", func(s *site) { s.settings.Environment = "canary" }, "canary"},
		{"no requirement of MFA", func(s *site) { s.Groups["acme/production-approvers"].Requires = false }, "nothing shows who has two-factor authentication"},
		{"an invalid setting", func(s *site) { s.settings.TwoFactor = "maybe" }, "two_factor"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			tt.change(s)
			err := gitlab.Kind.Test(t.Context(), source.Env{
				Environment: "production", Now: func() time.Time { s.Lock(); defer s.Unlock(); return s.now },
				Getenv: func(name string) string { return s.env[name] },
			}, &s.settings)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("the error is %v, want %q", err, tt.want)
			}
			var missing source.NoSecret
			if errors.As(err, &missing) != (tt.name == "no token") {
				t.Errorf("a missing secret: %v", err)
			}
		})
	}
}
