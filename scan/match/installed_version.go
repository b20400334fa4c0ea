package match

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// possible reports whether an installed package can have a version. Some comparers
// take any text for a version, and find ${jackson.version} newer than every fix.
// Versions that advisories name are not asked about.
type possible func(version string) error

// The characters and the form of the versions that package managers install.
// Each pattern is stricter than its comparer, or as strict.
var (
	anyShape   = pattern(`^[0-9A-Za-z._+~:!-]+$`)
	mavenShape = pattern(`^[0-9A-Za-z._-][0-9A-Za-z._+~-]*$`)
	debShape   = pattern(`^([0-9]+:)?[0-9][0-9A-Za-z._+~:-]*$`)
	apkShape   = pattern(`^[0-9][0-9A-Za-z._~-]*$`)
	rpmShape   = pattern(`^([0-9]+:)?[0-9A-Za-z_][0-9A-Za-z._+~^]*(-[0-9A-Za-z._+~^-]*)?$`)
)

// Why a version is invalid.
var (
	errShape    = errors.New("it has characters or a form that no version has")
	errDigit    = errors.New("it has no digit")
	errWildcard = errors.New("it matches several versions")
)

// wildcard is a part of a version, before any hyphen, that matches any: 2.x,
// 2.9.+.
var wildcard = pattern(`^([^-]*\.)?([xX]|\+)(\.|-|$)`)

// ofShape says that versions have a shape and a digit.
func ofShape(shape func() *regexp.Regexp) possible {
	return func(version string) error {
		switch {
		case !strings.ContainsAny(version, "0123456789"):
			return errDigit
		case !shape().MatchString(version):
			return errShape
		case wildcard().MatchString(version):
			return errWildcard
		}
		return nil
	}
}

// mavenVersion also refuses Gradle's 2.9+, which takes any version that begins so.
func mavenVersion(version string) error {
	if err := ofShape(mavenShape)(version); err != nil {
		return err
	}
	if strings.HasSuffix(version, "+") {
		return errWildcard
	}
	return nil
}

// rpmVersion wants the digit in the version itself: every release has one.
func rpmVersion(version string) error {
	if err := ofShape(rpmShape)(version); err != nil {
		return err
	}
	_, upstream, ok := strings.Cut(version, ":")
	if !ok {
		upstream = version
	}
	if upstream, _, _ = strings.Cut(upstream, "-"); !strings.ContainsAny(upstream, "0123456789") {
		return errDigit
	}
	return nil
}

// installed reads the version of an installed package: one that no package can
// have cannot be compared. One that is empty is for the comparer to say.
func (r ranges) installed(version string) (func(constraint string) (bool, error), error) {
	within, err := r.read(version)
	if err == nil {
		err = r.possible.check(version)
	}
	return within, err
}

// installed reads the version of an installed package, likewise.
func (o order) installed(version string) (func(other string) (int, error), error) {
	compare, err := o.read(version)
	if err == nil {
		err = o.possible.check(version)
	}
	return compare, err
}

// check is why no installed package has version, as an error of reading it.
func (p possible) check(version string) error {
	if version == "" {
		return nil
	}
	if err := p(version); err != nil {
		return fmt.Errorf("%w: %q: %w", errVersion, shortened(version), err)
	}
	return nil
}
