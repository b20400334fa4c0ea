package evaluator

import (
	"fmt"
	"slices"
	"strings"
)

// settingPath is the path of a setting in an organisation's settings: its keys from
// the outside in. It is not kept as text, because a key can contain dots: the name of
// a service (payments.api), or the type of a step (staging.verified).
type settingPath []string

// String returns the keys, separated by dots, for use in an error.
func (p settingPath) String() string { return strings.Join(p, ".") }

// key returns the path of a key of the table at p.
func (p settingPath) key(name string) settingPath { return append(slices.Clip(p), name) }

// entry returns the path of an entry of the list at p.
func (p settingPath) entry(i int) settingPath {
	last := len(p) - 1
	return p[:last:last].key(fmt.Sprintf("%s[%d]", p[last], i))
}

// setting returns p without the environment and the service that it applies to.
func (p settingPath) setting() settingPath {
	switch {
	case len(p) >= 4 && p[0] == "services" && p[2] == "environments":
		return p[4:]
	case len(p) >= 2 && (p[0] == "services" || p[0] == "environments"):
		return p[2:]
	}
	return p
}

// matches reports whether p has these keys; "*" is any key.
func (p settingPath) matches(keys ...string) bool {
	return slices.EqualFunc(p, keys, func(key, want string) bool { return want == "*" || key == want })
}
