package gitlab

import (
	"fmt"
	"net/url"
	"path"
	"slices"

	"github.com/prodgate/prodgate/internal/web"
)

// protection is a protected environment: who must approve a deployment to it.
type protection struct {
	Name     string `json:"name"`
	Required int    `json:"required_approval_count"`
	Rules    []struct {
		Required int `json:"required_approvals"`
	} `json:"approval_rules"`
}

// approves reports whether a deployment has to be approved.
func (p protection) approves() bool {
	for _, rule := range p.Rules {
		if rule.Required > 0 {
			return true
		}
	}
	return p.Required > 0
}

// reviewable returns an error if nobody can approve a deployment to the environment:
// neither the project nor a group above it protects it with an approval rule.
func (r *reading) reviewable(environment string) error {
	var of protection
	err := r.get(r.project("protected_environments", environment), nil, readProtected, &of)
	switch {
	case web.NotFound(err): // it may be protected by a group
	case err != nil:
		return err
	case of.Name != environment:
		return fmt.Errorf("GET %s: the answer is about the environment %q", r.project("protected_environments", environment), of.Name)
	case of.approves():
		return nil
	}
	tier, err := r.tier(environment)
	if err != nil {
		return err
	}
	for _, group := range slices.Backward(ancestors(path.Dir(r.Settings.Project))) {
		err := r.get(web.Path("groups", group, "protected_environments", tier), nil, readGroupProtected, &of)
		if err == nil && of.Name == tier && of.approves() {
			return nil
		}
		if err != nil && !web.NotFound(err) {
			return err
		}
	}
	return fmt.Errorf("no deployment to the environment %q of %s needs an approval, so nobody can give one: protect it in the settings of the project, under CI/CD, Protected environments, with an approval rule. If it is protected by a group, the token in %s lacks %s",
		environment, r.Settings.Project, r.tokenVariable(), readGroupProtected)
}

// tier is what kind of environment it is, by which groups protect environments.
func (r *reading) tier(environment string) (string, error) {
	var found []struct {
		Name string `json:"name"`
		Tier string `json:"tier"`
	}
	if err := r.get(r.project("environments"), url.Values{"name": {environment}}, readProject, &found); err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", fmt.Errorf("the environment %q of %s does not exist, so nobody can approve a deployment to it: GitLab creates it with the first job that names it", environment, r.Settings.Project)
	}
	if len(found) != 1 || found[0].Name != environment || found[0].Tier == "" {
		return "", fmt.Errorf("GET %s: the answer is not about the environment %q and its tier", r.project("environments"), environment)
	}
	return found[0].Tier, nil
}
