package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/files"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report"
	"github.com/prodgate/prodgate/trail"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The annotations of flags whose value is a file.
const (
	readsNote  = "prodgate_reads"  // the run reads it
	writesNote = "prodgate_writes" // the run writes it
)

// reads annotates flags of cmd whose files or folders are read.
func reads(cmd *cobra.Command, flags ...string) { note(cmd, readsNote, flags) }

// writes annotates flags of cmd whose files are written.
func writes(cmd *cobra.Command, flags ...string) { note(cmd, writesNote, flags) }

func note(cmd *cobra.Command, key string, flags []string) {
	for _, name := range flags {
		if f := cmd.Flags().Lookup(name); f != nil {
			if f.Annotations == nil {
				f.Annotations = map[string][]string{}
			}
			f.Annotations[key] = []string{"true"}
		}
	}
}

// written is a file that a command line asks for.
type written struct {
	path string // absolute
	said string // the argument: -o json=d.json
	kept bool   // it is not emptied: an earlier run may not have written it
}

// guarded is a file or folder that must not be overwritten by an output.
type guarded struct {
	path, what string
	folder     bool
	template   bool // path can have placeholders
}

// clearOutputs empties the output files in args before anything else: after a run
// without a decision, nobody must find the decision of an earlier run. It uses only
// the arguments, so it also works with an unknown flag or a broken configuration. If
// one of the files is read by the run or belongs to the trail, it returns an error
// and changes nothing.
func clearOutputs(root *cobra.Command, args []string, std stdio) error {
	cmd, rest, err := root.Find(args)
	if err != nil || cmd == nil {
		return nil //nolint:nilerr // running the command reports it
	}
	line := readLine(cmd, rest)
	if line.help {
		return nil
	}
	outputs := line.outputs(std)
	if len(outputs) == 0 {
		return nil
	}
	guard := line.guard(std)
	for i, o := range outputs {
		if err := o.allowed(guard); err != nil {
			return err
		}
		for _, other := range outputs[:i] {
			if !files.Device(o.path) && files.Same(o.path, other.path) {
				return usage("nothing was changed; name another file", "%s and %s write to the same file", other.said, o.said)
			}
		}
	}
	for _, o := range outputs {
		if o.kept {
			continue
		}
		if err := files.Clear(o.path); err != nil {
			return usage("no decision was made: treat it as blocked", "remove the result of an earlier run: %w", err)
		}
	}
	return nil
}

// precious lists file signatures that no output starts with: a SQLite database, a
// trail's private key, its public key and checkpoint.
var precious = []string{"SQLite format 3\x00", "PRIVATE+KEY+", "prodgate.dev/trail/"}

// allowed returns an error if o is one of guard.
func (o written) allowed(guard []guarded) error {
	const help = "nothing was changed; name another file"
	for _, g := range guard {
		switch {
		case files.Same(o.path, g.path), g.template && files.Fits(o.path, g.path, config.Placeholders):
			return usage(help, "%s would overwrite %s", o.said, g.what)
		case g.folder && files.Inside(o.path, g.path):
			return usage(help, "%s would write into %s", o.said, g.what)
		}
	}
	switch {
	case files.Device(o.path):
	case files.Begins(o.path, precious...):
		return usage(help, "%s would overwrite a file of an audit trail", o.said)
	case files.Begins(o.path, beginPEM):
		return usage(help, "%s would overwrite a key or a certificate", o.said)
	}
	return nil
}

// line is a command line, parsed leniently: it is read before it is validated.
type line struct {
	cmd   *cobra.Command
	flags map[string][]string
	args  []string
	help  bool
}

// readLine reads args as pflag does, but skips what pflag rejects.
func readLine(cmd *cobra.Command, args []string) *line {
	l := &line{cmd: cmd, flags: map[string][]string{}}
	for i := 0; i < len(args); i++ {
		next := ""
		if i+1 < len(args) {
			next = args[i+1]
		}
		arg, used := args[i], false
		switch {
		case arg == "--":
			l.args = append(l.args, args[i+1:]...)
			return l
		case strings.HasPrefix(arg, "--"):
			used = l.long(arg[2:], next)
		case len(arg) > 1 && arg[0] == '-':
			used = l.short(arg[1:], next)
		default:
			l.args = append(l.args, arg)
		}
		if used {
			i++
		}
	}
	return l
}

// long reads --name, and reports whether next is its value.
func (l *line) long(text, next string) (used bool) {
	name, value, given := strings.Cut(text, "=")
	f := l.cmd.Flag(name)
	switch {
	case name == "help":
		l.help = true
	case f == nil:
	case given:
		l.add(f, value)
	case f.NoOptDefVal != "":
		l.add(f, f.NoOptDefVal)
	default:
		l.add(f, next)
		return true
	}
	return false
}

// short reads the flags after a single dash, and reports whether next is a value.
func (l *line) short(text, next string) (used bool) {
	for text != "" {
		f := l.cmd.Flags().ShorthandLookup(text[:1])
		if text[0] == 'h' {
			l.help = true
		}
		if text = text[1:]; f == nil {
			continue
		}
		switch {
		case strings.HasPrefix(text, "="):
			l.add(f, text[1:])
			return false
		case f.NoOptDefVal != "":
			l.add(f, f.NoOptDefVal)
		case text != "":
			l.add(f, text)
			return false
		default:
			l.add(f, next)
			return true
		}
	}
	return false
}

func (l *line) add(f *pflag.Flag, value string) { l.flags[f.Name] = append(l.flags[f.Name], value) }

// noted returns the values of the flags with an annotation, with the flag's name.
func (l *line) noted(key string, visit func(flag, value string)) {
	l.cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if len(f.Annotations[key]) == 0 {
			return
		}
		for _, value := range l.flags[f.Name] {
			if value != "" && value != "-" {
				visit(f.Name, value)
			}
		}
	})
}

// outputs returns the output files of the command line.
func (l *line) outputs(std stdio) []written {
	var list []written
	if f := l.cmd.Flag("output"); f != nil && f.Value.Type() == "stringArray" {
		for _, value := range l.flags["output"] {
			if path, kept := outputPath(std, value); path != "" {
				list = append(list, written{path: std.path(path), said: "-o " + value, kept: kept})
			}
		}
	}
	l.noted(writesNote, func(flag, value string) {
		list = append(list, written{path: std.path(value), said: "--" + flag + " " + value})
	})
	if l.cmd.CommandPath() == "prodgate audit export" && len(l.args) > 0 {
		list = append(list, written{path: filepath.Join(std.path(l.args[0]), "checkpoint"), said: l.args[0], kept: true})
	}
	return list
}

// outputPath returns the file in FORMAT=PATH or template=FILE=PATH; "" for none. If
// the format does not exist, a file that is a template is kept.
func outputPath(std stdio, value string) (path string, kept bool) {
	format, path, _ := strings.Cut(value, "=")
	if format == print.TemplateFormat {
		_, path, _ = strings.Cut(path, "=")
		return path, false
	}
	if !slices.Contains(report.Formats.Names, format) && path != "" {
		content, err := os.ReadFile(std.path(path))
		kept = err == nil && strings.Contains(string(content), "{{")
	}
	return path, kept
}

// guard returns the files that the run reads and those of its trail.
func (l *line) guard(std stdio) []guarded {
	var list []guarded
	l.noted(readsNote, func(flag, value string) {
		list = append(list, guarded{path: std.path(value), what: fmt.Sprintf("the file that --%s reads (%s)", flag, value), folder: true})
	})
	for _, value := range l.flags["output"] {
		if rest, ok := strings.CutPrefix(value, print.TemplateFormat+"="); ok {
			file, _, _ := strings.Cut(rest, "=")
			list = append(list, guarded{path: std.path(file), what: "the template " + file})
		}
	}
	for _, arg := range l.args {
		for _, path := range subjects(arg) {
			if info, err := os.Stat(std.path(path)); err == nil {
				list = append(list, guarded{path: std.path(path), what: "what the command reads (" + path + ")", folder: info.IsDir()})
			}
		}
	}
	return append(list, named(config.Name(config.Input{Dir: std.dir, Flags: l.flags, Env: std.env}))...)
}

// subjects returns the files that an argument names: the layout or the archive of an
// image; none for a reference.
func subjects(arg string) []string {
	if path, ok := strings.CutPrefix(arg, "tarball:"); ok {
		return []string{path}
	}
	path, ok := strings.CutPrefix(arg, "oci:")
	if !ok {
		return nil
	}
	if at := strings.LastIndex(path, ":"); at > 0 {
		return []string{path, path[:at]}
	}
	return []string{path}
}

// named guards the files in configuration, flags and variables.
func named(n config.Named) []guarded {
	var list []guarded
	for _, path := range n.Configurations {
		list = append(list, guarded{path: path, what: "the configuration " + path})
	}
	for _, location := range n.Trails {
		for _, key := range n.TrailKeys {
			for _, path := range trail.Files(location, key) {
				list = append(list, guarded{path: path, what: "a file of the trail (" + path + ")"})
			}
		}
	}
	for _, path := range n.Policies {
		list = append(list, guarded{path: path, what: "the policies " + path, folder: true})
	}
	for _, path := range n.Databases {
		list = append(list, guarded{path: path, what: "the advisory database " + path, folder: true})
	}
	for _, path := range n.Evidence {
		list = append(list, guarded{path: path, what: "the evidence " + path, template: true})
	}
	return list
}
