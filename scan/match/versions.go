package match

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	gem "github.com/aquasecurity/go-gem-version"
	npm "github.com/aquasecurity/go-npm-version/pkg"
	pep440 "github.com/aquasecurity/go-pep440-version"
	semver "github.com/aquasecurity/go-version/pkg/version"
	bitnami "github.com/bitnami/go-version/pkg/version"
	apk "github.com/knqyf263/go-apk-version"
	deb "github.com/knqyf263/go-deb-version"
	rpm "github.com/knqyf263/go-rpm-version"
	maven "github.com/masahiro331/go-mvn-version"
)

// maxVersion bounds an installed version, in bytes; some comparers take time
// with the square of its length.
const maxVersion = 1 << 10

// errVersion is in an error that says that the installed version cannot be
// compared, with any version.
var errVersion = errors.New("the installed version cannot be compared")

// errLong says that a version has more than maxVersion bytes.
var errLong = fmt.Errorf("it has more than %d bytes", maxVersion)

// ranges is a way of writing versions that reports whether one is in a range:
// what it reads is an installed version, what it gives asks of a range.
type ranges struct {
	parse    func(version string) (within func(constraint string) (bool, error), err error)
	possible possible
}

// order is a way of writing versions that puts them in order: what it reads is
// an installed version, what it gives compares it with another (<0: older).
type order struct {
	parse    func(version string) (compare func(other string) (int, error), err error)
	possible possible
}

// The languages' ways, by Trivy's own comparers.
var (
	semverRanges  = ranges{parseSemver, ofShape(anyShape)}
	npmRanges     = ranges{parseNPM, ofShape(anyShape)}
	gemRanges     = ranges{parseGem, ofShape(anyShape)}
	mavenRanges   = ranges{parseMaven, mavenVersion}
	bitnamiRanges = ranges{parseBitnami, ofShape(anyShape)}
	pythonRanges  = ranges{parsePython, ofShape(anyShape)}

	// sealedPythonRanges also takes ranges with a local part (>= 4.2.8+sp1), which
	// PEP 440 forbids and Seal's advisories use.
	sealedPythonRanges = ranges{parseSealedPython, ofShape(anyShape)}
)

// The distributions' ways.
var (
	debOrder = order{parseDeb, ofShape(debShape)}
	apkOrder = order{parseAPK, ofShape(apkShape)}
	rpmOrder = order{parseRPM, rpmVersion}
)

func parseSemver(version string) (func(string) (bool, error), error) {
	v, err := semver.Parse(version)
	return func(constraint string) (bool, error) {
		c, err := semver.NewConstraints(constraint)
		return err == nil && c.Check(v), err
	}, err
}

func parseNPM(version string) (func(string) (bool, error), error) {
	v, err := npm.NewVersion(version)
	return func(constraint string) (bool, error) {
		c, err := npm.NewConstraints(constraint, npm.WithPreRelease(true))
		return err == nil && c.Check(v), err
	}, err
}

func parseGem(version string) (func(string) (bool, error), error) {
	v, err := gem.NewVersion(version)
	return func(constraint string) (bool, error) {
		c, err := gem.NewConstraints(constraint)
		return err == nil && c.Check(v), err
	}, err
}

func parseMaven(version string) (func(string) (bool, error), error) {
	v, err := maven.NewVersion(version)
	return func(constraint string) (bool, error) {
		c, err := maven.NewComparer(constraint)
		return err == nil && c.Check(v), err
	}, err
}

func parseBitnami(version string) (func(string) (bool, error), error) {
	v, err := bitnami.Parse(version)
	return func(constraint string) (bool, error) {
		c, err := bitnami.NewConstraints(constraint)
		return err == nil && c.Check(v), err
	}, err
}

func parsePython(version string) (func(string) (bool, error), error) {
	return python(version, pep440.WithPreRelease(true))
}

func parseSealedPython(version string) (func(string) (bool, error), error) {
	return python(version, pep440.WithPreRelease(true), pep440.AllowLocalSpecifier(true))
}

func python(version string, options ...pep440.SpecifierOption) (func(string) (bool, error), error) {
	v, err := pep440.Parse(version)
	return func(constraint string) (bool, error) {
		c, err := pep440.NewSpecifiers(constraint, options...)
		return err == nil && c.Check(v), err
	}, err
}

func parseDeb(version string) (func(string) (int, error), error) {
	v, err := deb.NewVersion(version)
	return func(other string) (int, error) {
		o, err := deb.NewVersion(other)
		if err != nil {
			return 0, err
		}
		return v.Compare(o), nil
	}, err
}

func parseAPK(version string) (func(string) (int, error), error) {
	v, err := apk.NewVersion(version)
	return func(other string) (int, error) {
		o, err := apk.NewVersion(other)
		if err != nil {
			return 0, err
		}
		return v.Compare(o), nil
	}, err
}

func parseRPM(version string) (func(string) (int, error), error) {
	v := rpm.NewVersion(version)
	return func(other string) (int, error) { return v.Compare(rpm.NewVersion(other)), nil }, nil
}

// rpmText is an rpm version without an epoch of 0.
func rpmText(version string) string { return rpm.NewVersion(version).String() }

// read reads an installed version, and keeps what the comparers do to themselves.
func (r ranges) read(version string) (func(constraint string) (bool, error), error) {
	asked, err := contained(func() (func(string) (bool, error), error) {
		if len(version) > maxVersion {
			return nil, errLong
		}
		return r.parse(version)
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %s", errVersion, shortened(version), shortened(err.Error()))
	}
	return func(constraint string) (bool, error) {
		return contained(func() (bool, error) { return asked(constraint) })
	}, nil
}

// read reads an installed version, likewise.
func (o order) read(version string) (func(other string) (int, error), error) {
	asked, err := contained(func() (func(string) (int, error), error) {
		if len(version) > maxVersion {
			return nil, errLong
		}
		return o.parse(version)
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %s", errVersion, shortened(version), shortened(err.Error()))
	}
	return func(other string) (int, error) {
		if len(other) > maxVersion {
			return 0, errLong
		}
		return contained(func() (int, error) { return asked(other) })
	}, nil
}

// contained turns a panic of a comparer into an error.
func contained[T any](f func() (T, error)) (result T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the comparer gave up: %v", r)
		}
	}()
	return f()
}

// shortened is text for a person, of bounded length.
func shortened(text string) string {
	const most = 120
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// pattern compiles a regular expression when it is first used: most runs of
// prodgate look no package up, and all would pay at their start.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// comparison is one condition of a range of a distribution's versions.
var comparison = pattern(`^(>=|<=|>|<|==|!=|=)?\s*([0-9]+[0-9a-zA-Z.\-+~:_^]*)$`)

// inRange reports whether a version is in a range of a distribution's versions:
// comparisons that must all hold, with commas or, where there is none, spaces
// between them (suppliers of patched packages write such).
func inRange(constraint string, compare func(string) (int, error)) (bool, error) {
	parts := strings.Fields(constraint)
	if strings.Contains(constraint, ",") {
		parts = strings.Split(constraint, ",")
	}
	var all [][]string
	for _, part := range parts {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		found := comparison().FindStringSubmatch(part)
		if found == nil {
			return false, fmt.Errorf("invalid version constraint %q", shortened(part))
		}
		all = append(all, found)
	}
	if len(all) == 0 {
		return false, errors.New("the range is empty")
	}
	for _, found := range all {
		c, err := compare(found[2])
		if err != nil || !holds(found[1], c) {
			return false, err
		}
	}
	return true, nil
}

// holds reports whether a comparison that gave c fulfils the operator.
func holds(operator string, c int) bool {
	switch operator {
	case "!=":
		return c != 0
	case ">":
		return c > 0
	case "<":
		return c < 0
	case ">=":
		return c >= 0
	case "<=":
		return c <= 0
	}
	return c == 0
}
