package language

import (
	"cmp"
	"regexp"
	"strings"
)

// manifest is the main section of a MANIFEST.MF: what of it may name the jar.
type manifest map[string]string

// manifestKeys are the attributes that are kept.
var manifestKeys = map[string]bool{
	"Implementation-Version": true, "Implementation-Title": true, "Implementation-Vendor": true, "Implementation-Vendor-Id": true,
	"Specification-Version": true, "Specification-Title": true, "Specification-Vendor": true,
	"Bundle-Version": true, "Bundle-Name": true, "Bundle-SymbolicName": true,
	"Created-By": true,
}

// parseManifest reads the main section: it ends at the first empty line, and a
// line that begins with a blank continues the one before.
func parseManifest(raw []byte) manifest {
	m := manifest{}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(raw))
	text, _, _ = strings.Cut(text, "\n\n")
	text = strings.ReplaceAll(text, "\n ", "")
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if ok && manifestKeys[key] && value != "" && !strings.HasPrefix(value, "%") { // %: to be translated
			m[key] = value
		}
	}
	return m
}

// coordinates are what the manifest names, by Trivy's rules, except that
// a vendor that is not a domain (JetBrains) is not used as the group.
func (m manifest) coordinates() coordinates {
	group := m["Implementation-Vendor-Id"]
	if symbolic := m["Bundle-SymbolicName"]; group == "" && symbolic != "" {
		group = symbolic
		if i := strings.LastIndex(symbolic, "."); i > 0 {
			group = symbolic[:i] // com.fasterxml.jackson.core.jackson-databind
		}
	}
	return coordinates{
		group:    cmp.Or(group, domain(m["Implementation-Vendor"]), domain(m["Specification-Vendor"])),
		artifact: cmp.Or(m["Implementation-Title"], m["Specification-Title"], m["Bundle-Name"]),
		version:  cmp.Or(m["Implementation-Version"], m["Specification-Version"], m["Bundle-Version"]),
	}
}

func domain(vendor string) string {
	if strings.Contains(vendor, ".") {
		return vendor
	}
	return ""
}

// versions are all that the manifest gives.
func (m manifest) versions() (list []string) {
	for _, key := range []string{"Implementation-Version", "Specification-Version", "Bundle-Version"} {
		if m[key] != "" {
			list = append(list, m[key])
		}
	}
	return list
}

// isJavaRuntime recognises the jars that a Java runtime itself consists of.
func (m manifest) isJavaRuntime() bool {
	return m["Implementation-Title"] == "Java Runtime Environment" || m["Specification-Title"] == "Java Platform API Specification"
}

var mavenWord = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// plausible reports whether Maven could have such an artifact: a vendor's full
// name is not a group.
func (c coordinates) plausible() bool {
	return mavenWord.MatchString(c.group) && mavenWord.MatchString(c.artifact)
}
