package file

import (
	"context"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/collectors/build"
	"github.com/prodgate/prodgate/collectors/calendar"
	"github.com/prodgate/prodgate/collectors/production"
	"github.com/prodgate/prodgate/collectors/rollback"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/collectors/trail"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// Kind is a file that people or scripts write.
var Kind = source.Kind{
	Name:     "file",
	Summary:  "a file that people or scripts write, JSON or YAML",
	Sections: slices.Concat([]string{"build", "calendar", "production", "rollback", "trail", "custom"}, Sections()),
	Settings: func() any { return new(Settings) },
	Key:      "file",
	Open:     open,
	Examples: examples(),
}

// examples are the skeletons of all sections.
func examples() []source.Example {
	list := []source.Example{
		{Section: "build", Filename: "provenance.json", Content: build.Skeleton},
		{Section: "calendar", Filename: "calendar.yaml", Content: calendar.Skeleton},
		{Section: "production", Filename: "production.yaml", Content: production.Skeleton},
		{Section: "rollback", Filename: "rollback.yaml", Content: rollback.Skeleton},
		{Section: "trail", Filename: "trail.jsonl", Content: trail.Skeleton},
	}
	for _, section := range Sections() {
		filename, content := Skeleton(section)
		list = append(list, source.Example{Section: section, Filename: filename, Content: content})
	}
	for i := range list {
		list[i].Setting = "file"
	}
	return list
}

// Settings of a file.
type Settings struct {
	File string `json:"file"` // relative paths count from prodgate.yaml
}

func open(env source.Env, settings any) source.Collector {
	path := env.File("file", settings.(*Settings).File)
	switch env.Section {
	case "build":
		return build.Collector{File: path}
	case "calendar":
		return calendar.Collector{File: path, Clock: env.Clock, Web: calendar.Feeds(env)}
	case "production":
		return production.Collector{File: path}
	case "rollback":
		return rollback.Collector{File: path, Options: env.Registry}
	case "trail":
		return trail.Collector{File: path}
	}
	if name, ok := strings.CutPrefix(env.Section, customPrefix); ok {
		return custom{name: name, file: path}
	}
	return Collector{Section: env.Section, File: path}
}

const customPrefix = "custom."

// custom reads facts of an organisation's own, of any form.
type custom struct {
	name string // without custom.
	file strict.Path
}

// Name is the section's key.
func (c custom) Name() string { return customPrefix + c.name }

// Kind is the kind of source.
func (custom) Kind() string { return "file" }

// Collect reads the file as it is.
func (c custom) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	t, err := c.file.Read(ctx)
	if err != nil {
		return nil, err
	}
	value, err := t.Any()
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: facts.Custom{Name: c.name, Value: value}, Evidence: t.Evidence}, nil
}
