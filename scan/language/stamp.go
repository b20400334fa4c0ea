package language

import (
	"runtime/debug"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// mainVersion chooses the version of a program's own module: a release that Go
// recorded, else what the build stamped into the program, else what Go made up
// from the commit.
func mainVersion(recorded, stamped string) string {
	if stamped == "" || isRelease(recorded) {
		return recorded
	}
	return stamped
}

func isRelease(version string) bool { return version != "" && !module.IsPseudoVersion(version) }

// stampedVersion is the version that a build set by `-ldflags "-X main.version=…"`,
// or empty.
func stampedVersion(modulePath string, settings []debug.BuildSetting) string {
	for _, s := range settings {
		if s.Key == "-ldflags" {
			words, ok := shellWords(s.Value)
			if !ok {
				return ""
			}
			return chooseStamp(modulePath, linkerVariables(words))
		}
	}
	return ""
}

// linkerVariables are the variables that -X sets.
func linkerVariables(words []string) map[string]string {
	flags := pflag.NewFlagSet("ldflags", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.Usage = func() {}
	var set map[string]string
	flags.StringToStringVarP(&set, "", "X", nil, "")
	flags.BoolP("help", "h", false, "") // else an h in a cluster of letters ends the parsing
	if flags.Parse(words) != nil {
		return nil
	}
	return set
}

// chooseStamp takes the one version among variables that are called version or
// ver: first those under the module's own cmd, then those of the usual packages,
// then any. Two candidates of one rank give no version.
func chooseStamp(modulePath string, set map[string]string) string {
	var ranks [3][]string
	for key, value := range set {
		key, value = strings.TrimLeft(key, "'"), strings.TrimRight(value, "'")
		if lower := strings.ToLower(key); !strings.HasSuffix(lower, ".version") && !strings.HasSuffix(lower, ".ver") {
			continue
		}
		if !semver.IsValid(value) && !semver.IsValid("v"+value) {
			continue
		}
		rank := 2
		if strings.HasPrefix(key, modulePath+"/cmd/") {
			rank = 0
		} else if isVersionPackage(key) {
			rank = 1
		}
		ranks[rank] = append(ranks[rank], value)
	}
	for _, values := range ranks {
		if len(values) > 0 {
			if len(values) > 1 {
				return ""
			}
			return values[0]
		}
	}
	return ""
}

// isVersionPackage reports whether the variable is in a package that programs
// keep their version in.
func isVersionPackage(key string) bool {
	if i := strings.LastIndex(key, "/"); i > 0 {
		key = key[i+1:]
	}
	name, _, _ := strings.Cut(key, ".")
	switch strings.ToLower(name) {
	case "main", "common", "version", "cmd":
		return true
	}
	return false
}

// shellWords splits a line as a shell does: blanks outside of quotes part words,
// a backslash takes the next character as it is. An open quote is an error.
func shellWords(line string) (words []string, ok bool) {
	var word strings.Builder
	var quote rune
	started, escaped := false, false
	for _, c := range line {
		switch {
		case escaped:
			word.WriteRune(c)
			started, escaped = true, false
		case c == '\\' && quote != '\'':
			escaped = true
		case quote != 0:
			if c == quote {
				quote = 0
			} else {
				word.WriteRune(c)
			}
		case c == '"' || c == '\'':
			quote, started = c, true
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			if started {
				words = append(words, word.String())
				word.Reset()
				started = false
			}
		default:
			word.WriteRune(c)
			started = true
		}
	}
	if started {
		words = append(words, word.String())
	}
	return words, quote == 0 && !escaped
}
