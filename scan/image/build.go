package image

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// build is a layer's description of its build at Red Hat.
type build struct {
	contents []string // content sets
	nvr      string   // NAME-VERSION-RELEASE-ARCH
}

// readContentSets reads the repositories from which a layer was built.
func readContentSets(f *found, r io.Reader, _ int64) error {
	var list struct {
		ContentSets []string `json:"content_sets"`
	}
	if err := json.NewDecoder(r).Decode(&list); err != nil {
		return fmt.Errorf("the content sets of Red Hat: %w", err)
	}
	if len(list.ContentSets) > 0 {
		f.build = &build{contents: list.ContentSets}
	}
	return nil
}

// readDockerfile reads the name, release and architecture of an image from the
// Dockerfile that Red Hat leaves in it, whose own name ends in VERSION-RELEASE.
// One that names neither says nothing.
func readDockerfile(f *found, r io.Reader, _ int64) error {
	env, component, arch := map[string]string{}, "", ""
	err := instructions(r, func(name, rest string) error {
		switch strings.ToUpper(name) {
		case "ARG", "ENV":
			for _, p := range pairs(rest) {
				env[p[0]] = expand(p[1], env)
			}
		case "LABEL":
			for _, p := range pairs(rest) {
				switch strings.ToLower(expand(p[0], env)) {
				case "com.redhat.component", "bzcomponent":
					component = expand(p[1], env)
				case "architecture":
					arch = expand(p[1], env)
				}
			}
		}
		return nil
	})
	if err != nil || component == "" || arch == "" {
		return err
	}
	base := path.Base(f.path)
	version := ""
	if end := strings.LastIndexByte(base, '-'); end >= 0 {
		version = base[strings.LastIndexByte(base[:end], '-')+1:]
	}
	f.build = &build{nvr: component + "-" + version + "-" + arch}
	return nil
}

// instructions calls each with every instruction of a Dockerfile, its lines
// joined.
func instructions(r io.Reader, each func(name, rest string) error) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxText)
	var whole strings.Builder
	flush := func() error {
		name, rest, _ := strings.Cut(strings.TrimSpace(whole.String()), " ")
		whole.Reset()
		if name == "" {
			return nil
		}
		return each(name, strings.TrimSpace(rest))
	}
	for scanner.Scan() {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		part, more := strings.CutSuffix(line, `\`)
		whole.WriteString(part)
		whole.WriteByte(' ')
		if whole.Len() > maxText {
			return errors.New("an instruction of the Dockerfile has no end")
		}
		if !more {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return cmp.Or(scanner.Err(), flush())
}

// pairs are the keys and values of ENV, ARG and LABEL: K=V K="V W", or K V.
func pairs(rest string) [][2]string {
	words := words(rest)
	if len(words) > 1 && !strings.Contains(words[0], "=") {
		return [][2]string{{words[0], strings.Join(words[1:], " ")}}
	}
	var list [][2]string
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		list = append(list, [2]string{key, value})
	}
	return list
}

// words splits at spaces that are not quoted, and takes the quotes away.
func words(text string) []string {
	var list []string
	var word strings.Builder
	quote, open := rune(0), false
	for _, c := range text {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, open = c, true
		case quote == 0 && (c == ' ' || c == '\t'):
			if open {
				list = append(list, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteRune(c)
			open = true
		}
	}
	if open {
		list = append(list, word.String())
	}
	return list
}

// expand puts in the variables that are known, $NAME and ${NAME}.
func expand(text string, env map[string]string) string {
	if !strings.Contains(text, "$") || len(text) > 4096 {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '$' || i+1 == len(text) {
			out.WriteByte(text[i])
			continue
		}
		name, width := variable(text[i+1:])
		if name == "" {
			out.WriteByte('$')
			continue
		}
		out.WriteString(env[name])
		i += width
	}
	return out.String()[:min(out.Len(), 4096)]
}

// variable is the name with which text begins, and how many bytes it takes.
func variable(text string) (name string, width int) {
	if inner, ok := strings.CutPrefix(text, "{"); ok {
		end := strings.IndexByte(inner, '}')
		if end < 0 {
			return "", 0
		}
		return inner[:end], end + 2
	}
	for width < len(text) && (text[width] == '_' || text[width] >= '0' && text[width] <= '9' || text[width]|0x20 >= 'a' && text[width]|0x20 <= 'z') {
		width++
	}
	return text[:width], width
}
