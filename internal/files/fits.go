package files

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// anyName matches what a placeholder can become: an identifier.
const anyName = `[a-z0-9][a-z0-9._-]*`

// Fits reports whether path is the file that template names, by any spelling or link.
// Each of placeholders in template stands for any identifier. Neither the file nor its
// folders need to exist.
func Fits(path, template string, placeholders []string) bool {
	folder, rest := split(filepath.Clean(template), placeholders)
	if rest == "" {
		return Same(path, folder)
	}
	relative, err := filepath.Rel(Resolve(folder), Resolve(path))
	if err == nil && pattern(rest, placeholders).MatchString(relative) {
		return true
	}
	// An entry of the folder can be a link to another one.
	entries, err := os.ReadDir(folder)
	if err != nil {
		return false
	}
	part, below, _ := strings.Cut(rest, string(filepath.Separator))
	names := pattern(part, placeholders)
	for _, entry := range entries {
		if names.MatchString(entry.Name()) && Fits(path, filepath.Join(folder, entry.Name(), below), placeholders) {
			return true
		}
	}
	return false
}

// split returns the folder above the first part of template that has a placeholder,
// and the rest of template. Without a placeholder all of it is the folder.
func split(template string, placeholders []string) (folder, rest string) {
	first := len(template)
	for _, p := range placeholders {
		if at := strings.Index(template, p); at >= 0 {
			first = min(first, at)
		}
	}
	if first == len(template) {
		return template, ""
	}
	cut := strings.LastIndexByte(template[:first], filepath.Separator) + 1
	return template[:cut], template[cut:]
}

// pattern matches what template can become.
func pattern(template string, placeholders []string) *regexp.Regexp {
	expression := regexp.QuoteMeta(template)
	for _, p := range placeholders {
		expression = strings.ReplaceAll(expression, regexp.QuoteMeta(p), anyName)
	}
	return regexp.MustCompile("^" + expression + "$")
}
