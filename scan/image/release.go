package image

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	version "github.com/aquasecurity/go-version/pkg/version"
)

// release is one file's description of the distribution.
type release struct{ family, name string }

// releases makes a kind's reader of one that names a release, or nil if the file
// is about another distribution.
func releases(parse func(text []byte) *release) func(*found, io.Reader, int64) error {
	return func(f *found, r io.Reader, _ int64) error {
		text, err := io.ReadAll(r)
		f.release = parse(text)
		return err
	}
}

// families are the distributions that os-release names by its ID, in the spelling of
// trivy-db. Debian, Ubuntu and Amazon Linux are recognised by files of their own.
var families = map[string]string{
	"activestate":         "activestate",
	"rhel":                "redhat",
	"centos":              "centos",
	"rocky":               "rocky",
	"almalinux":           "alma",
	"ol":                  "oracle",
	"fedora":              "fedora",
	"alpine":              "alpine",
	"bottlerocket":        "bottlerocket",
	"opensuse-tumbleweed": "opensuse-tumbleweed",
	"opensuse-leap":       "opensuse-leap",
	"opensuse":            "opensuse-leap",
	"sles":                "sles",
	"sle-micro":           "slem",
	"sl-micro":            "slem",
	"sle-micro-rancher":   "slem",
	"photon":              "photon",
	"wolfi":               "wolfi",
	"chainguard":          "chainguard",
	"azurelinux":          "azurelinux",
	"mariner":             "cbl-mariner",
	"echo":                "echo",
	"minimos":             "minimos",
	"coreos":              "coreos",
}

// readOSReleaseID reads os-release(5), and keeps what the distribution calls itself
// where that is none that is known.
func readOSReleaseID(f *found, r io.Reader, _ int64) error {
	text, err := io.ReadAll(r)
	said := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, "="); ok {
			said[strings.TrimSpace(key)] = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	if f.release = readOSRelease(said); len(said) > 0 {
		f.osID = cmp.Or(said["ID"], "linux") // as os-release(5) has it
	}
	return err
}

// readOSRelease is the distribution that os-release names, if it is known.
func readOSRelease(said map[string]string) *release {
	family := families[said["ID"]]
	if family == "" || said["VERSION_ID"] == "" {
		return nil
	}
	if family == "centos" && said["NAME"] == "CentOS Stream" {
		family = "centos-stream"
	}
	return &release{family, said["VERSION_ID"]}
}

// firstLine is the first line of a file, if it has one.
func firstLine(text []byte) (string, bool) {
	if len(text) == 0 {
		return "", false
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return strings.TrimSuffix(string(line), "\r"), true
}

func alpineRelease(text []byte) *release { return named("alpine", text) }

func debianVersion(text []byte) *release { return named("debian", text) }

func named(family string, text []byte) *release {
	line, ok := firstLine(text)
	if !ok {
		return nil
	}
	return &release{family, line}
}

// ubuntuRelease reads Ubuntu's lsb-release.
func ubuntuRelease(text []byte) *release {
	ubuntu := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "DISTRIB_ID=Ubuntu" {
			ubuntu = true
		} else if number, ok := strings.CutPrefix(line, "DISTRIB_RELEASE="); ok && ubuntu {
			return &release{"ubuntu", strings.TrimSpace(number)}
		}
	}
	return nil
}

// amazonRelease reads Amazon Linux's system-release: "Amazon Linux AMI release
// 2018.03", "Amazon Linux release 2 (Karoo)".
func amazonRelease(text []byte) *release {
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "Amazon Linux release 2"):
			if len(fields) >= 5 {
				return &release{"amazon", strings.Join(fields[3:], " ")}
			}
		case strings.HasPrefix(line, "Amazon Linux"):
			return &release{"amazon", strings.Join(fields[2:], " ")}
		}
	}
	return nil
}

// redhatShape is "Red Hat Enterprise Linux release 9.4 (Plow)" and its kin.
var redhatShape = regexp.MustCompile(`(.*) release (\d[\d\.]*)`)

// redhatRelease reads redhat-release, which its relatives have, too.
func redhatRelease(text []byte) *release {
	line, _ := firstLine(text)
	said := redhatShape.FindStringSubmatch(strings.TrimSpace(line))
	if said == nil {
		return nil
	}
	family := "redhat"
	switch strings.ToLower(said[1]) {
	case "centos", "centos linux":
		family = "centos"
	case "rocky", "rocky linux":
		family = "rocky"
	case "alma", "almalinux", "alma linux":
		family = "alma"
	case "oracle", "oracle linux", "oracle linux server":
		family = "oracle"
	case "fedora", "fedora linux":
		family = "fedora"
	}
	return &release{family, said[2]}
}

// only reads the release file of one of Red Hat's relatives, if it bears one of
// its names; without names, any.
func only(family string, names ...string) func([]byte) *release {
	return func(text []byte) *release {
		for line := range strings.Lines(string(text)) {
			said := redhatShape.FindStringSubmatch(strings.TrimSpace(line))
			if said == nil {
				return nil
			}
			if len(names) == 0 {
				return &release{family, said[2]}
			}
			for _, name := range names {
				if strings.EqualFold(said[1], name) {
					return &release{family, said[2]}
				}
			}
		}
		return nil
	}
}

// merge takes what another file says. Relatives of Red Hat and Debian carry their
// files, too, so what either says gives way to all else; for the rest, what was
// said first stays.
func (r *release) merge(other *release) {
	switch {
	case other == nil:
	case r.family == "redhat" || r.family == "debian":
		*r = *other
	case r.family == "":
		*r = *other
	case r.name == "":
		r.name = other.name
	}
}

// readESM reads whether Ubuntu's extended maintenance is on.
func readESM(f *found, r io.Reader, _ int64) error {
	var status struct {
		Services []struct {
			Name   string `json:"name"`
			Status string `json:"status"`
		} `json:"services"`
	}
	if err := json.NewDecoder(r).Decode(&status); err != nil {
		return fmt.Errorf("the status of Ubuntu Pro: %w", err)
	}
	for _, s := range status.Services {
		if s.Name == "esm-infra" && s.Status == "enabled" {
			f.extended = true
		}
	}
	return nil
}

// repositoryShape is the address of a package repository of apk.
var repositoryShape = regexp.MustCompile(`(https*|ftp)://[0-9A-Za-z.-]+/([A-Za-z]+)/v?([0-9A-Za-z_.-]+)/`)

// edge is Alpine's release that has no number.
const edge = "edge"

// readRepositories reads the newest release of Alpine that etc/apk/repositories
// names.
func readRepositories(f *found, r io.Reader, _ int64) error {
	family, newest := "", ""
	err := lines(r, func(line []byte) error {
		said := repositoryShape.FindSubmatch(line)
		if said == nil {
			return nil
		}
		if family != "" && family != string(said[2]) {
			return errors.New("it mixes repositories of different distributions")
		}
		family = string(said[2])
		newest = newer(newest, string(said[3]))
		return nil
	})
	if err == nil && family == "alpine" {
		f.repository = newest
	}
	return err
}

// newer is the newer of two releases of Alpine.
func newer(a, b string) string {
	switch {
	case a == "":
		return b
	case a == edge || b == edge:
		return edge
	}
	first, err := version.Parse(a)
	if err != nil {
		return a
	}
	second, err := version.Parse(b)
	if err != nil || !second.GreaterThan(first) {
		return a
	}
	return b
}
