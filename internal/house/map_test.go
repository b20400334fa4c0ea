package house

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rooms are the folders of the project that contain Go code, in the order of the
// map. Each folder of internal is a room of its own where imports are concerned.
var rooms = []string{"cmd", "gate", "collectors", "evaluator", "policies", "facts", "scan", "registry", "signing", "trail", "server", "internal", "examples"}

// graph has, for each name, the names that it imports.
type graph map[string]map[string]bool

func (g graph) add(from, to string) {
	if g[from] == nil {
		g[from] = map[string]bool{}
	}
	if to != "" && to != from {
		g[from][to] = true
	}
}

// reaches reports whether imports lead from one name to another.
func (g graph) reaches(from, to string) bool {
	seen := map[string]bool{}
	var visit func(string) bool
	visit = func(name string) bool {
		for next := range g[name] {
			if next == to || !seen[next] && func() bool { seen[next] = true; return visit(next) }() {
				return true
			}
		}
		return false
	}
	return visit(from)
}

// imports is the graph of the packages of the project, without tests.
func imports(t *testing.T) graph {
	t.Helper()
	g := graph{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		g.add(s.folder, "")
		for _, name := range s.imports {
			if to, ok := strings.CutPrefix(name, module+"/"); ok {
				g.add(s.folder, to)
			}
		}
	}
	return g
}

// under is the graph of the folders directly below parent, each with all that is
// below it; parent's own package is called ".".
func (g graph) under(parent string) graph {
	child := func(folder string) string {
		rest, ok := strings.CutPrefix(folder, parent+"/")
		switch {
		case parent == "":
			rest = folder
		case folder == parent:
			return "."
		case !ok:
			return ""
		}
		first, more, _ := strings.Cut(rest, "/")
		if parent == "" && first == "internal" {
			first, _, _ = strings.Cut(more, "/")
			return "internal/" + first
		}
		return first
	}
	children := graph{}
	for from, all := range g {
		if child(from) == "" {
			continue
		}
		children.add(child(from), "")
		for to := range all {
			children.add(child(from), child(to))
		}
	}
	return children
}

// Go refuses circles of packages. This refuses circles of folders: of rooms, and of
// the folders of a folder. Tests are not counted.
func TestNoFoldersImportEachOther(t *testing.T) {
	all := imports(t)
	parents := map[string]bool{"": true}
	for folder := range all {
		for parent := folder; parent != "."; parent = path.Dir(parent) {
			parents[parent] = true
		}
	}
	delete(parents, "internal") // its folders are rooms
	for _, parent := range slices.Sorted(maps.Keys(parents)) {
		folders := all.under(parent)
		for _, folder := range slices.Sorted(maps.Keys(folders)) {
			if folders.reaches(folder, folder) {
				t.Errorf("%s: imports lead from it back to it", path.Join(parent, folder))
			}
		}
	}
}

func TestCirclesOfFoldersAreFound(t *testing.T) {
	g := graph{}
	g.add("scan/image", "scan/sbom/write")
	g.add("scan/sbom", "scan/image")
	if folders := g.under("scan"); !folders.reaches("image", "image") {
		t.Errorf("no circle was found in %v", folders)
	}
	if folders := g.under(""); folders.reaches("scan", "scan") {
		t.Errorf("a room is in a circle with itself: %v", folders)
	}
}

// The size of a room is the number of lines of its Go files, tests included.
func TestNoRoomIsAThirdOfTheCode(t *testing.T) {
	lines, total := map[string]int{}, 0
	for _, s := range sources(t) {
		room, _, _ := strings.Cut(s.folder, "/")
		if !slices.Contains(rooms, room) {
			t.Errorf("%s: the folder %s is not one of the rooms; add it to rooms and to layers", s.file, room)
		}
		n := strings.Count(read(t, s.file), "\n")
		lines[room], total = lines[room]+n, total+n
	}
	for _, room := range rooms {
		t.Logf("%-10s %6d lines, %4.1f %%", room, lines[room], 100*float64(lines[room])/float64(total))
		if lines[room]*3 >= total {
			t.Errorf("%s has %d of %d lines, a third or more of the code: look for the room that is hidden in it", room, lines[room], total)
		}
	}
}

const (
	mapFile  = "CONTRIBUTING.md"
	mapBegin = "<!-- map: written by \"make docs\" from the imports -->\n"
	mapEnd   = "<!-- end of the map -->\n"
)

func TestMapOfTheHouseIsCurrent(t *testing.T) {
	page := read(t, mapFile)
	before, rest, begins := strings.Cut(page, mapBegin)
	_, after, ends := strings.Cut(rest, mapEnd)
	if !begins || !ends {
		t.Fatalf("%s has no place for the map: %s%s", mapFile, mapBegin, mapEnd)
	}
	want := before + mapBegin + mapOf(imports(t)) + mapEnd + after
	if *update {
		if err := os.WriteFile(filepath.Join(root, mapFile), []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if page != want {
		t.Errorf("the map in %s is stale: run make docs", mapFile)
	}
}

// mapOf is a Mermaid diagram of the rooms. Arrows that follow from others are left
// out. The folders of internal are in two nodes: those that import a room, and those
// that import none.
func mapOf(all graph) string {
	folders := all.under("")
	isRoom := func(name string) bool { return slices.Contains(rooms, name) }
	node := map[string]string{}
	inside := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		node[name] = name
		if folder, ok := strings.CutPrefix(name, "internal/"); ok {
			node[name] = "tools"
			if slices.ContainsFunc(rooms, func(room string) bool { return folders.reaches(name, room) }) {
				node[name] = "parts"
			}
			inside[node[name]] = append(inside[node[name]], folder)
		} else if !isRoom(name) {
			continue
		}
	}
	drawn := graph{}
	for from, to := range folders {
		for name := range to {
			drawn.add(node[from], node[name])
		}
	}
	var b strings.Builder
	b.WriteString("```mermaid\nflowchart TD\n")
	for _, name := range []string{"parts", "tools"} {
		fmt.Fprintf(&b, "  %s[\"internal: %s\"]\n", name, breakLines(inside[name]))
	}
	for _, from := range slices.Sorted(maps.Keys(drawn)) {
		for _, to := range slices.Sorted(maps.Keys(drawn[from])) {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(drawn[from])), func(other string) bool { return drawn.reaches(other, to) }) {
				fmt.Fprintf(&b, "  %s --> %s\n", from, to)
			}
		}
	}
	b.WriteString("```\n")
	return b.String()
}

// breakLines joins names, a few on each line of a node.
func breakLines(names []string) string {
	var lines []string
	for some := range slices.Chunk(names, 5) {
		lines = append(lines, strings.Join(some, ", "))
	}
	return strings.Join(lines, ",<br>")
}
