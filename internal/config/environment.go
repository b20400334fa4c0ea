package config

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/prodgate/prodgate/internal/spelling"
)

// prefix marks the variables that are ours. One that is not known is a
// mistake: obeying the wrong half of a configuration is worse than stopping.
const prefix = "PRODGATE_"

// The variables that hold secrets. Only the commands that sign, or that use a trail behind
// https, read them; they have no flag, because other users of the machine can read a
// command line.
const (
	KeyVariable        = "PRODGATE_KEY"            // the content of a private key (PEM)
	PassphraseVariable = "PRODGATE_KEY_PASSPHRASE" //nolint:gosec // of that key, or of a key in a file; a name, not a secret

	TrailTokenVariable     = "PRODGATE_TRAIL_TOKEN"      //nolint:gosec // the bearer token for the server of a trail
	TrailTokenFileVariable = "PRODGATE_TRAIL_TOKEN_FILE" //nolint:gosec // the file with it

	// The id and the private key of the GitHub App in what "prodgate init" writes.
	AppIDVariable  = "PRODGATE_APP_ID"
	AppKeyVariable = "PRODGATE_APP_KEY"
)

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
	names := []string{KeyVariable, PassphraseVariable, TrailTokenVariable, TrailTokenFileVariable, AppIDVariable, AppKeyVariable}
	if slices.Contains(names, name) {
		return nil
	}
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
