package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// scaffold is a set of files to be written together.
type scaffold []blueprint

// blueprint is one file: a template of templates, or fixed content.
type blueprint struct {
	path     string
	template string
	content  []byte
}

// write renders every file before it writes the first. It overwrites files only with
// force: otherwise existing files are an error that lists them, and nothing is
// written.
func (s scaffold) write(values any, force bool) error {
	var there []string
	for i := range s {
		if err := s[i].render(values); err != nil {
			return err
		}
		if exists(s[i].path) {
			there = append(there, s[i].path)
		}
	}
	if len(there) > 0 && !force {
		return usage("nothing was written; move them away, or choose another folder", "these exist already:\n  %s", strings.Join(there, "\n  "))
	}
	for _, b := range s {
		if err := b.write(force); err != nil {
			return err
		}
	}
	return nil
}

func (b *blueprint) render(values any) error {
	if b.template == "" {
		return nil
	}
	source, err := templates.ReadFile("templates/" + b.template)
	if err != nil {
		return fmt.Errorf("read the template: %w", err)
	}
	t, err := template.New(b.template).Delims("[[", "]]").Option("missingkey=error").Parse(string(source))
	if err != nil {
		return fmt.Errorf("read the template: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, values); err != nil {
		return fmt.Errorf("fill the template: %w", err)
	}
	b.content = out.Bytes()
	return nil
}

// write creates the file. Without force, a file that appeared in the meantime is not
// changed; a symbolic link is never followed.
func (b blueprint) write(force bool) error {
	if err := os.MkdirAll(filepath.Dir(b.path), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", b.path, err)
	}
	if force {
		if err := os.Remove(b.path); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("replace %s: %w", b.path, err)
		}
	}
	f, err := os.OpenFile(b.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	_, err = f.Write(b.content)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// exists reports whether there is something at path. A path that cannot be examined
// counts as existing.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil || !os.IsNotExist(err)
}

// path resolves a path that the user gave, relative to the working folder.
func (s stdio) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.dir, name)
}

// short returns path relative to the working folder, if it is inside it.
func (s stdio) short(path string) string {
	relative, err := filepath.Rel(s.dir, path)
	if err != nil || strings.HasPrefix(relative, "..") {
		return path
	}
	return relative
}
