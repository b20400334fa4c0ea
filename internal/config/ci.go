package config

import (
	"cmp"
	"slices"
)

// ciValue is what the CI system says, and the variable that says it.
type ciValue struct{ text, from string }

// firstOf is what the first CI system says that says something.
func firstOf(systems ...func(map[string]string) ciValue) func(map[string]string) ciValue {
	return func(env map[string]string) ciValue {
		var found ciValue
		for _, system := range systems {
			found = cmp.Or(found, system(env))
		}
		return found
	}
}

// Unestablished lists the facts about the request that the CI system would
// establish and that were given by hand in what is left of such a run, as
// --trigger or PRODGATE_TRIGGER, and the variable that is missing.
func (c *Config) Unestablished() (list []string, missing string) {
	if c.remnant == "" {
		return nil, ""
	}
	for _, name := range []string{"trigger", "requested-by", "triggered-by"} {
		if v := c.values[name]; v.Origin.Kind == FromFlag || v.Origin.Kind == FromEnvironment {
			list = append(list, v.Origin.Where)
		}
	}
	return list, c.remnant
}

// remnant is the variable that is missing if env is a run of a CI system that does not
// say so; empty: it is none.
func remnant(env map[string]string) string {
	set := func(names []string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return env[name] != "" })
	}
	switch {
	case !onGitHub(env) && set(githubRemains):
		return "GITHUB_ACTIONS"
	case !onGitLab(env) && set(gitlabRemains):
		return "GITLAB_CI"
	}
	return ""
}
