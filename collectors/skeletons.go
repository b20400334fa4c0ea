package collectors

import (
	"fmt"
	"path"
	"strings"

	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
)

// Skeletons are files to begin with, in the document's order. SkeletonConfig names
// them.
func Skeletons() []source.Example {
	var list []source.Example
	for _, section := range facts.Sections {
		for _, k := range Kinds {
			for _, example := range k.Examples {
				if example.Section == section {
					list = append(list, example)
				}
			}
		}
	}
	return list
}

// SkeletonConfig names the files of Skeletons in folder, which is relative to
// prodgate.yaml, as YAML: the value of "sources".
func SkeletonConfig(folder string) string {
	var text strings.Builder
	section := ""
	for _, s := range Skeletons() {
		if s.Section != section {
			section = s.Section
			fmt.Fprintf(&text, "%s:\n", section)
		}
		name := path.Join(folder, s.Filename)
		if s.List {
			fmt.Fprintf(&text, "  %s:\n    - %s\n", s.Setting, name)
		} else {
			fmt.Fprintf(&text, "  %s: %s\n", s.Setting, name)
		}
	}
	return text.String()
}
