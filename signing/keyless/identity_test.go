package keyless

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
)

func TestExpressionsMatchWholeNames(t *testing.T) {
	tests := []struct {
		expression string
		matches    []string
		others     []string
	}{
		{`https://github\.com/acme/.*`, []string{"https://github.com/acme/", workflow}, []string{"https://github.com/acme", "x" + workflow, "https://githubxcom/acme/"}},
		{`^https://github\.com/acme/.*$`, []string{workflow}, []string{"x" + workflow, workflow + "\n", "\n" + workflow}},
		{`https://github\.com/acme/(a|b)`, []string{"https://github.com/acme/a", "https://github.com/acme/b"}, []string{"https://github.com/acme/ab", "https://github.com/acme/"}},
		{`https://github\.com/acme/a|https://github\.com/acme/b`, []string{"https://github.com/acme/a", "https://github.com/acme/b"}, []string{"https://github.com/acme/a/", "xhttps://github.com/acme/b"}},
		{`(?i)https://github\.com/ACME`, []string{"https://github.com/acme", "HTTPS://github.com/Acme"}, []string{"https://github.com/acme2"}},
		{`(?s)https://github\.com/acme/.*`, []string{"https://github.com/acme/\n"}, []string{"\nhttps://github.com/acme/"}},
		{`acme`, []string{"acme"}, []string{"acme2", "my-acme", "acme\n"}},
		{`.*@acme\.example`, []string{"alice@acme.example", "@acme.example"}, []string{"alice@acme.example.org", "alice@acmexexample"}},
		{`(alice|bob)@acme\.example`, []string{"alice@acme.example"}, []string{"malice@acme.example"}},
		{`(.*@a\.example|.*@b\.example)`, []string{"alice@a.example", "alice@b.example"}, []string{"alice@c.example"}},
		{`[Aa]cme/.*`, []string{"Acme/", "acme/x"}, []string{"bcme/"}},
		{`\Qhttps://github.com/acme\E`, []string{"https://github.com/acme"}, []string{"https://githubxcom/acme"}},
		{`\Qacme`, []string{"acme"}, []string{"acme)"}},
		{`acme(-[a-z]+)?`, []string{"acme", "acme-x"}, []string{"acme-"}},
		{`(?:acme){2}`, []string{"acmeacme"}, []string{"acme"}},
	}
	for _, tt := range tests {
		m, err := Pattern{Expression: tt.expression}.compile(strangers)
		if err != nil {
			t.Errorf("%s: %v", tt.expression, err)
			continue
		}
		for _, name := range tt.matches {
			if !m.matches(name) {
				t.Errorf("%s does not match %q", tt.expression, name)
			}
		}
		for _, name := range append(tt.others, "", "somebody-else") {
			if m.matches(name) {
				t.Errorf("%s matches %q", tt.expression, name)
			}
		}
	}
}

func TestLooseIdentitiesAreErrors(t *testing.T) {
	const wildcard = "begins with a wildcard"
	const stranger = "so it names no one; name your organisation in it"
	const ends = "^ and $ may stand only at its ends"
	tests := []struct {
		subject Pattern
		want    string
	}{
		{Pattern{}, "identity: empty; must be a name or an expression"},
		{Pattern{Exact: " "}, `" " begins or ends with a space`},
		{Pattern{Exact: workflow + "\n"}, "begins or ends with a space"},
		{Pattern{Exact: workflow, Expression: "acme"}, "both a name and an expression"},
		{Pattern{Expression: ".*"}, wildcard},
		{Pattern{Expression: ".+"}, wildcard},
		{Pattern{Expression: "(.*)"}, wildcard},
		{Pattern{Expression: "^.*$"}, wildcard},
		{Pattern{Expression: "(?s).*"}, wildcard},
		{Pattern{Expression: `\S+`}, wildcard},
		{Pattern{Expression: `[^x]*`}, wildcard},
		{Pattern{Expression: `[\s\S]*`}, wildcard},
		{Pattern{Expression: "acme|.*"}, wildcard},
		{Pattern{Expression: "(acme)?.*"}, wildcard},
		{Pattern{Expression: "(acme){0,1}.*"}, wildcard},
		{Pattern{Expression: "(acme)*.*"}, wildcard},
		{Pattern{Expression: ".*acme.*"}, wildcard},
		{Pattern{Expression: `.*/release\.yml@refs/heads/main`}, wildcard},
		{Pattern{Expression: ".*@acme.example"}, wildcard}, // a dot that matches anything
		{Pattern{Expression: `.*@acme\.example|.*`}, wildcard},
		{Pattern{Expression: `.*@example`}, wildcard},
		{Pattern{Expression: "()"}, wildcard},
		{Pattern{Expression: "https://.*"}, stranger},
		{Pattern{Expression: "https?://[^/]+/.*"}, stranger},
		{Pattern{Expression: `https://github\.com/.*`}, stranger},
		{Pattern{Expression: `https://github\.com/[^/]+/[^/]+/\.github/workflows/.*`}, stranger},
		{Pattern{Expression: `h.*`}, stranger},
		{Pattern{Expression: `.*@gmail\.com`}, stranger},
		{Pattern{Expression: "^https://github.com/acme/"}, "begins with ^ and does not end with $"},
		{Pattern{Expression: "acme$"}, "ends with $ and does not begin with ^"},
		{Pattern{Expression: "^acme|.*$"}, ends},
		{Pattern{Expression: "^acme$|^.*$"}, ends},
		{Pattern{Expression: "a^cme"}, ends},
		{Pattern{Expression: "(^acme$)"}, ends},
		{Pattern{Expression: "(?m)^acme$"}, ends},
		{Pattern{Expression: `acme\z|.*`}, ends},
		{Pattern{Expression: "^$"}, "matches only an empty name"},
		{Pattern{Expression: "^"}, "begins with ^ and does not end with $"},
		{Pattern{Expression: "acme)|(.*"}, "unexpected )"},
		{Pattern{Expression: "acme("}, "missing closing )"},
		{Pattern{Expression: `\1`}, "invalid escape sequence"},
		{Pattern{Expression: "(?=acme)"}, "invalid or unsupported Perl syntax"},
	}
	root := rooted(t, instanceOf(t).Root(t))
	for _, tt := range tests {
		v, err := New(root, []Identity{{Name: "a", Subject: tt.subject, Issuer: Pattern{Exact: issuer}}})
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), `trusted identity "a": identity: `) {
			t.Errorf("%+v: got %v, %v; want %q", tt.subject, v, err, tt.want)
		}
	}
	for _, tt := range []struct {
		issuer Pattern
		want   string
	}{
		{Pattern{}, "issuer: empty"},
		{Pattern{Expression: ".*"}, wildcard},
		{Pattern{Expression: "https://.*"}, stranger},
		{Pattern{Expression: `https://[a-z.-]+`}, stranger},
		{Pattern{Expression: "^" + issuer}, "does not end with $"},
	} {
		if v, err := New(root, []Identity{{Name: "a", Subject: Pattern{Exact: workflow}, Issuer: tt.issuer}}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: got %v, %v; want %q", tt.issuer, v, err, tt.want)
		}
	}
	if v, err := New(nil, []Identity{build}); err == nil {
		t.Errorf("without a root: %v", v)
	}
	for want, identities := range map[string][]Identity{
		"none is given":                   {},
		"has no name":                     {{Subject: build.Subject, Issuer: build.Issuer}},
		`the name "build" is given twice`: {build, build},
	} {
		if v, err := New(root, identities); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, %v; want %q", v, err, want)
		}
	}
}

// What an expression matches, it matches as a whole: the same expression, as the
// library would take it, finds no less.
func FuzzExpressions(f *testing.F) {
	for _, expression := range []string{".*", "acme", `^https://github\.com/acme/.*$`, "a|b", "(?i)a", `\Qa`, "a)|(b", `.*@acme\.example`, "(?m)^a$", "[^a]", "a{2,3}"} {
		f.Add(expression, "acme", "x")
	}
	f.Fuzz(func(t *testing.T, expression, name, more string) {
		m, err := Pattern{Expression: expression}.compile(strangers)
		if err != nil {
			return
		}
		if m.matches("") {
			t.Errorf("%q matches an empty name", expression)
		}
		for _, stranger := range strangers {
			if m.matches(stranger) {
				t.Errorf("%q matches %s", expression, stranger)
			}
		}
		parsed, err := syntax.Parse(expression, syntax.Perl)
		if err != nil {
			t.Fatalf("%q compiles and does not parse: %v", expression, err)
		}
		longest, err := longestMatch(parsed)
		if err != nil {
			return
		}
		for _, n := range []string{name, name + more, more + name} {
			if at := longest.FindStringIndex(n); m.matches(n) != (at != nil && at[0] == 0 && at[1] == len(n)) {
				t.Errorf("%q matches %q: %v; its longest match is %v", expression, n, m.matches(n), at)
			}
		}
	})
}

// longestMatch compiles an expression so that it finds the longest match.
func longestMatch(parsed *syntax.Regexp) (*regexp.Regexp, error) {
	re, err := regexp.Compile(parsed.String())
	if err == nil {
		re.Longest()
	}
	return re, err
}
