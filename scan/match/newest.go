package match

import "strings"

// Newest is the newest of versions, by the order of a finding's ecosystem
// (Finding.Ecosystem). It is not ok where they cannot be put in order: then
// it is unknown which one has the others' fixes.
func Newest(ecosystem string, versions []string) (newest string, ok bool) {
	for i, version := range versions {
		if i == 0 {
			newest = version
			continue
		}
		newer, ok := isNewer(ecosystem, version, newest)
		if !ok {
			return "", false
		}
		if newer {
			newest = version
		}
	}
	return newest, newest != ""
}

// isNewer reports whether a is newer than b.
func isNewer(ecosystem, a, b string) (newer, ok bool) {
	if strings.Contains(a+b, ",") { // several fixes, one for each line of releases
		return false, false
	}
	if compare, ok := orderOf(ecosystem); ok {
		with, err := compare.read(a)
		if err != nil {
			return false, false
		}
		c, err := with(b)
		return c > 0, err == nil
	}
	for _, l := range languages {
		if l.ecosystem == ecosystem {
			within, err := l.ranges.read(a)
			if err != nil {
				return false, false
			}
			newer, err := within(">" + b)
			return newer, err == nil
		}
	}
	return false, false
}

// orderOf is a distribution's order of versions; not ok for an unknown family.
func orderOf(family string) (o order, ok bool) {
	if d, known := distributions[family]; known {
		return d.order, true
	}
	if family == "redhat" || family == "centos" {
		return rpmOrder, true
	}
	return order{}, false
}
