package language

import (
	"net/url"
	"strings"
)

// isBitnami recognises the SPDX document that Bitnami adds to each
// component of its images: opt/bitnami/redis/.spdx-redis.spdx.
func isBitnami(name, _ string) bool {
	return strings.HasPrefix(name, "opt/bitnami/") && (strings.HasSuffix(name, ".spdx") || strings.HasSuffix(name, ".spdx.json"))
}

// readBitnami reads the components by the name that Bitnami's advisories have for
// them. What else the document lists (jars, modules) is found in its own files.
func readBitnami(f *file) error {
	var document struct {
		Packages []struct {
			Refs []struct {
				Type    string `json:"referenceType"`
				Locator string `json:"referenceLocator"`
			} `json:"externalRefs"`
		} `json:"packages"`
	}
	if err := f.json(&document); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, p := range document.Packages {
		for _, ref := range p.Refs {
			purl, ok := strings.CutPrefix(ref.Locator, "pkg:bitnami/")
			if ref.Type != "purl" || !ok || seen[purl] {
				continue
			}
			seen[purl] = true
			purl, _, _ = strings.Cut(purl, "#")
			purl, _, _ = strings.Cut(purl, "?")
			name, version, _ := strings.Cut(purl, "@")
			f.add(unescape(name), unescape(version))
		}
	}
	return nil
}

func unescape(s string) string {
	if text, err := url.PathUnescape(s); err == nil {
		return text
	}
	return s
}
