package config

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/prodgate/prodgate/internal/spelling"
)

// prefix marks the variables that are ours. One that is not known is a
// mistake: obeying the wrong half of a configuration is worse than stopping.
const prefix = "PRODGATE_"

// environment returns environ as a map, or an error that names every variable
// with our prefix that is not one of ours.
func environment(environ []string) (map[string]string, error) {
	env := make(map[string]string, len(environ))
	var unknown []error
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		env[name] = text
		if strings.HasPrefix(name, prefix) && text != "" {
			if err := known(name); err != nil {
				unknown = append(unknown, err)
			}
		}
	}
	sort.Slice(unknown, func(i, j int) bool { return unknown[i].Error() < unknown[j].Error() })
	return env, errors.Join(unknown...)
}

// known returns an error if name is not a variable that prodgate reads.
func known(name string) error {
	var names []string
	for _, s := range Settings {
		if s.Env == name {
			return nil
		}
		if s.Env != "" {
			names = append(names, s.Env)
		}
	}
	if flag, ok := flagsOnly[name]; ok {
		return fmt.Errorf("variable %s: this can only be said by the flag %s, so that it never leaks from one step into another", name, flag)
	}
	if hint := spelling.Hint(name, names); hint != "" {
		return fmt.Errorf("unknown variable %s: %s", name, hint)
	}
	return fmt.Errorf("unknown variable %s: known are %s", name, strings.Join(names, ", "))
}
