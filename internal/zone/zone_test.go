package zone

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestEveryZoneOfTheListLoads(t *testing.T) {
	names := Names()
	if len(names) < 590 {
		t.Fatalf("only %d zones", len(names))
	}
	for _, name := range names {
		location, err := Load(name)
		if err != nil || location.String() != name || !Known(name) {
			t.Errorf("Load(%q) = %v, %v", name, location, err)
		}
	}
}

func TestInvalidZones(t *testing.T) {
	for _, name := range []string{
		"", "Local", "local", "localtime", "posixrules", "Factory", "right/Europe/Berlin", "posix/Europe/Berlin",
		"europe/berlin", "EUROPE/BERLIN", "utc", "Europe", "Europe/", "/Europe/Berlin", "../zoneinfo/UTC", "Europe/Berlin ",
		"Mars/Olympus", "UTC+2", "zone.tab", "tzdata.zi",
	} {
		if location, err := Load(name); err == nil {
			t.Errorf("Load(%q) = %v", name, location)
		}
		if Known(name) {
			t.Errorf("Known(%q)", name)
		}
	}
	if _, err := Load("europe/berlin"); err == nil || !strings.Contains(err.Error(), `did you mean "Europe/Berlin"`) {
		t.Errorf("no hint: %v", err)
	}
}

// The stale data of a machine: Mexico gave up daylight saving time in 2022.
func TestTheDataAreTheBinarysOwn(t *testing.T) {
	stale := t.TempDir()
	auckland, err := read(files()["Pacific/Auckland"])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(stale, "America"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(stale, "America", "Mexico_City"), auckland, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ZONEINFO", stale) // read once in a process: the script testdata/zoneinfo.txtar runs a process of its own
	location, err := Load("America/Mexico_City")
	if err != nil {
		t.Fatal(err)
	}
	if _, offset := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC).In(location).Zone(); offset != -6*60*60 {
		t.Errorf("Mexico City is at %d seconds in July 2026", offset)
	}
}

var update = flag.Bool("update", false, "take the zone data of this Go")

var dataLine = regexp.MustCompile(`(?m)^DATA=(\d{4}[a-z]+)$`)

// Where this Go has the same release, its archive is the one here.
func TestTheDataAreThoseOfGo(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no Go to compare with")
	}
	from := filepath.Join(strings.TrimSpace(string(root)), "lib", "time")
	script, err := os.ReadFile(filepath.Join(from, "update.bash"))
	if err != nil {
		t.Skip("this Go has no lib/time/update.bash")
	}
	release := dataLine.FindSubmatch(script)
	if release == nil {
		t.Fatalf("%s/update.bash names no release", from)
	}
	its, err := os.ReadFile(filepath.Join(from, "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		for name, text := range map[string][]byte{"zoneinfo.zip": its, "VERSION": append(release[1], '\n')} {
			if err := os.WriteFile(name, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	if string(release[1]) != Version() {
		t.Skipf("this Go has release %s, not %s", release[1], Version())
	}
	if string(its) != archive {
		t.Errorf("zoneinfo.zip is not Go's own of release %s; run make zones", Version())
	}
}

func BenchmarkFirstLoad(b *testing.B) {
	for b.Loop() {
		cache.Clear()
		if _, err := Load("Europe/Berlin"); err != nil {
			b.Fatal(err)
		}
	}
}
