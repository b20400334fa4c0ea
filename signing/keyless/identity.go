package keyless

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"

	"github.com/sigstore/sigstore-go/pkg/verify"
)

// Identity is a workload or a person whose keyless signatures count.
type Identity struct {
	Name    string  // whose identity it is; what Verify returns
	Subject Pattern // the subject alternative name of the certificate: a workflow, a mail address
	Issuer  Pattern // the OIDC issuer that vouches for the subject
}

// Pattern is what a name must be: either exactly, or as a regular expression (RE2)
// that matches all of it.
type Pattern struct {
	Exact      string
	Expression string
}

// identity is an Identity that was checked.
type identity struct {
	name            string
	subject, issuer matcher
}

// matcher is a Pattern that was checked.
type matcher struct {
	text  string         // as it was given
	exact bool           // text is the name itself
	whole *regexp.Regexp // anchored at both ends; nil if exact
}

func (m matcher) matches(name string) bool {
	if m.exact {
		return m.text != "" && name == m.text
	}
	return m.whole.MatchString(name)
}

// Names of strangers. An expression that matches one of them matches whatever
// anybody can get.
var (
	strangers = []string{
		"https://github.com/somebody-else/their-repository/.github/workflows/build.yml@refs/heads/main",
		"https://gitlab.com/somebody-else/their-repository//.gitlab-ci.yml@refs/heads/main",
		"https://agent.buildkite.com/somebody-else/their-pipeline",
		"https://kubernetes.io/namespaces/somebody-else/serviceaccounts/default",
		"spiffe://somebody-else.example/workload",
		"somebody-else@gmail.com",
		"somebody-else@somewhere-else.example",
		"somebody-else",
	}
	strangeIssuers = []string{
		"https://issuer.somebody-else.example",
		"https://issuer.somebody-else.example/tenant",
		"https://accounts.somebody-else.example:8443",
		"somebody-else",
	}
)

func (i Identity) compile() (identity, error) {
	if i.Name == "" {
		return identity{}, errors.New("has no name")
	}
	subject, err := i.Subject.compile(strangers)
	if err != nil {
		return identity{}, fmt.Errorf("identity: %w", err)
	}
	issuer, err := i.Issuer.compile(strangeIssuers)
	if err != nil {
		return identity{}, fmt.Errorf("issuer: %w", err)
	}
	return identity{name: i.Name, subject: subject, issuer: issuer}, nil
}

// option is the identity for the library.
func (i identity) option() (verify.PolicyOption, error) {
	exact := func(m matcher) string {
		if m.exact {
			return m.text
		}
		return ""
	}
	expression := func(m matcher) string {
		if m.exact {
			return ""
		}
		return m.whole.String()
	}
	id, err := verify.NewShortCertificateIdentity(exact(i.issuer), expression(i.issuer), exact(i.subject), expression(i.subject))
	if err != nil {
		return nil, err
	}
	return verify.WithCertificateIdentity(id), nil
}

func (p Pattern) compile(strangers []string) (matcher, error) {
	switch {
	case p.Exact == "" && p.Expression == "":
		return matcher{}, errors.New("empty; must be a name or an expression, because an empty one would match everyone")
	case p.Exact != "" && p.Expression != "":
		return matcher{}, errors.New("both a name and an expression; must be one of them")
	case p.Exact != "":
		if strings.TrimSpace(p.Exact) != p.Exact {
			return matcher{}, fmt.Errorf("%q begins or ends with a space", p.Exact)
		}
		return matcher{text: p.Exact, exact: true}, nil
	}
	whole, err := anchor(p.Expression)
	if err != nil {
		return matcher{}, fmt.Errorf("expression %q: %w", p.Expression, err)
	}
	for _, name := range strangers {
		if whole.MatchString(name) {
			return matcher{}, fmt.Errorf("expression %q: matches %s too, so it names no one; name your organisation in it", p.Expression, name)
		}
	}
	return matcher{text: p.Expression, whole: whole}, nil
}

// anchor compiles an expression that matches whole names only. The expression is
// parsed by itself, so that no parenthesis in it can end the group around it.
func anchor(expression string) (*regexp.Regexp, error) {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil, plain(err)
	}
	inner, err := withoutAnchors(parsed)
	if err != nil {
		return nil, err
	}
	if !startsWithText(inner) && !endsWithDomain(inner) {
		return nil, errors.New(`begins with a wildcard, so that anything may come before; must begin with text, or end with the domain of mail addresses, as in .*@example\.com with its dots escaped`)
	}
	return regexp.Compile(`\A(?:` + inner.String() + `)\z`)
}

// withoutAnchors takes ^ and $ from the ends of an expression. Anywhere else, or at
// one end only, they show that the expression was meant for parts of names.
func withoutAnchors(re *syntax.Regexp) (*syntax.Regexp, error) {
	parts := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		parts = re.Sub
	}
	begins, ends := parts[0].Op == syntax.OpBeginText, parts[len(parts)-1].Op == syntax.OpEndText
	if begins {
		parts = parts[1:]
	}
	if ends && len(parts) > 0 {
		parts = parts[:len(parts)-1]
	}
	if slices.ContainsFunc(parts, hasAnchor) {
		return nil, errors.New("^ and $ may stand only at its ends, around all alternatives: ^(?:a|b)$")
	}
	switch {
	case begins && !ends:
		return nil, errors.New("begins with ^ and does not end with $; it must match all of a name: end it with $, or .*$ where anything may follow")
	case ends && !begins:
		return nil, errors.New("ends with $ and does not begin with ^; it must match all of a name")
	case len(parts) == 0:
		return nil, errors.New("matches only an empty name")
	}
	return &syntax.Regexp{Op: syntax.OpConcat, Sub: parts, Flags: re.Flags}, nil
}

func hasAnchor(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine:
		return true
	}
	return slices.ContainsFunc(re.Sub, hasAnchor)
}

// startsWithText reports whether every match of re begins with text that re names.
func startsWithText(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return true
	case syntax.OpCharClass: // [Aa] is text, [a-z] a wildcard
		return runes(re) <= 2
	case syntax.OpCapture, syntax.OpPlus:
		return startsWithText(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min > 0 && startsWithText(re.Sub[0])
	case syntax.OpConcat:
		return startsWithText(re.Sub[0])
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !startsWithText(sub) })
	}
	return false
}

// runes counts what a class of characters matches.
func runes(class *syntax.Regexp) (n int) {
	for i := 0; i+1 < len(class.Rune); i += 2 {
		n += int(class.Rune[i+1]-class.Rune[i]) + 1
	}
	return n
}

// endsWithDomain reports whether every match of re is a mail address of a domain
// that re names in full.
func endsWithDomain(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		_, domain, found := strings.Cut(string(re.Rune), "@")
		return found && strings.Contains(domain, ".") && !strings.ContainsFunc(domain, notOfDomain)
	case syntax.OpCapture:
		return endsWithDomain(re.Sub[0])
	case syntax.OpConcat:
		return endsWithDomain(re.Sub[len(re.Sub)-1])
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !endsWithDomain(sub) })
	}
	return false
}

func notOfDomain(r rune) bool {
	return r != '.' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}
