// Scan measures whole scans: an SBOM of 500 packages against 300,000
// advisories, and an image of a gigabyte, both made by this program.
//
//	go run ./internal/bench/scan [-rounds 7] [-trivy trivy] [-megabytes 1000]
//
// Where Trivy is installed it runs on the same database, SBOM and image, in the
// same interleaved run; else the table has prodgate's figures alone. It judges
// nothing: a ratio over its budget is a number, not a failure. Two programs that
// find other vulnerabilities end it, since their times would mean nothing.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/bench/measure"
	"github.com/prodgate/prodgate/scan/advisories/advisoriestest"
)

// The workload of DESIGN §9.
const (
	packages   = 500
	advisories = 300_000
)

func main() {
	rounds := flag.Int("rounds", 7, "how often each program runs on each workload")
	trivy := flag.String("trivy", "trivy", "Trivy's program; what cannot be found is left out")
	megabytes := flag.Int("megabytes", 1000, "size of the image's uncompressed layers; 0: no image")
	making := flag.String("make", "", "make the workload in this folder and end; for the program's own use")
	flag.Parse()
	if *making != "" {
		if err := makeWorkload(*making, *megabytes); err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(os.Stdout, *rounds, *trivy, *megabytes); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, rounds int, trivy string, megabytes int) error {
	work, err := os.MkdirTemp("", "prodgate-bench-")
	if err != nil {
		return fmt.Errorf("make a folder for the workload: %w", err)
	}
	defer os.RemoveAll(work)
	prodgate := filepath.Join(work, "prodgate")
	if said, err := exec.Command("go", "build", "-o", prodgate, "./cmd/prodgate").CombinedOutput(); err != nil {
		return fmt.Errorf("build prodgate: %w\n%s", err, said)
	}
	// A process begins as its parent's twin, and its peak memory is never less than
	// that: whatever takes memory is made by another process.
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if said, err := exec.Command(self, "-make", work, "-megabytes", fmt.Sprint(megabytes)).CombinedOutput(); err != nil {
		return fmt.Errorf("make the workload: %w\n%s", err, said)
	}
	cache := filepath.Join(work, cacheFolder)
	database := filepath.Join(cache, databaseFolder)
	fmt.Fprintf(out, "## Scans\n\n%s. Medians of %d interleaved runs, %d advisories.\n", measure.Machine(), rounds, advisories)
	programs := []program{{name: "prodgate", path: prodgate, database: database}}
	if found, err := exec.LookPath(trivy); err == nil {
		programs = append(programs, program{name: "trivy", path: found, cache: cache})
	} else {
		fmt.Fprintf(out, "Trivy is not installed here, so there is nothing to compare with.\n")
	}
	sbom := filepath.Join(work, sbomFile)
	if err := race(out, fmt.Sprintf("SBOM, %d packages", packages), programs, rounds, func(p program, report string) []string { return p.sbom(sbom, report) }, packages, 0); err != nil {
		return err
	}
	if megabytes == 0 {
		return nil
	}
	layout := filepath.Join(work, imageFolder)
	return race(out, fmt.Sprintf("image, %d MB", megabytes), programs, min(rounds, 3), func(p program, report string) []string { return p.image(layout, report) }, 0, megabytes)
}

// The files of the workload.
const (
	cacheFolder    = "cache"
	databaseFolder = "db" // in the cache, where Trivy looks for it
	sbomFile       = "bom.json"
	imageFolder    = "image"
)

// makeWorkload makes database, SBOM and image in work.
func makeWorkload(work string, megabytes int) error {
	database := filepath.Join(work, cacheFolder, databaseFolder)
	if err := os.MkdirAll(database, 0o755); err != nil {
		return err
	}
	if err := advisoriestest.Generate(database, time.Now().UTC(), advisories); err != nil {
		return fmt.Errorf("make a database: %w", err)
	}
	if err := writeSBOM(filepath.Join(work, sbomFile)); err != nil {
		return fmt.Errorf("make an SBOM: %w", err)
	}
	if megabytes == 0 {
		return nil
	}
	if err := writeImage(filepath.Join(work, imageFolder), megabytes); err != nil {
		return fmt.Errorf("make an image: %w", err)
	}
	return nil
}

// program is a scanner.
type program struct {
	name, path      string
	database, cache string
}

func (p program) sbom(file, report string) []string {
	if p.database != "" {
		return []string{"scan", "--sbom", file, "--db", p.database, "-o", "json=" + report, "--quiet"}
	}
	return p.trivy("sbom", file, report)
}

func (p program) image(layout, report string) []string {
	if p.database != "" {
		return []string{"scan", "oci:" + layout, "--inventory", "image", "--db", p.database, "-o", "json=" + report, "--quiet", "--timeout", "10m"}
	}
	return slices.Concat(p.trivy("image", "", report), []string{"--input", layout, "--scanners", "vuln"})
}

func (p program) trivy(command, file, report string) []string {
	args := []string{command, "--cache-dir", p.cache, "--skip-db-update", "--skip-java-db-update", "--offline-scan", "--quiet", "--format", "json", "--output", report}
	if file != "" {
		args = append(args, file)
	}
	return args
}

// forget removes Trivy's cache of the images it has read.
func (p program) forget() error {
	if p.cache == "" {
		return nil
	}
	return os.RemoveAll(filepath.Join(p.cache, "fanal"))
}

// race runs every program once a round, so that whatever else the machine does
// hits all of them alike, and prints what each cost.
func race(out io.Writer, name string, programs []program, rounds int, args func(p program, report string) []string, per, megabytes int) error {
	costs := make([][]measure.Cost, len(programs))
	found := make([]int, len(programs))
	for range rounds + 1 {
		for i, p := range programs {
			if err := p.forget(); err != nil {
				return err
			}
			report := filepath.Join(os.TempDir(), fmt.Sprintf("prodgate-bench-%d.json", os.Getpid()))
			cmd := exec.Command(p.path, args(p, report)...)
			var said strings.Builder
			cmd.Stderr = &said
			cost, code, err := measure.Command(cmd)
			if err != nil {
				return err
			}
			if code != 0 {
				return fmt.Errorf("%s ended with %d: %s", p.name, code, said.String())
			}
			if found[i], err = count(report); err != nil {
				return err
			}
			costs[i] = append(costs[i], cost)
		}
	}
	fmt.Fprintf(out, "\n| %s | wall ms | cpu ms | peak MiB | ns per package | MB/s | findings | prodgate ÷ this: wall | cpu | peak |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n", name)
	mine := measure.Median(costs[0][1:])
	for i, p := range programs {
		if found[i] != found[0] {
			return fmt.Errorf("%s: %s finds %d vulnerabilities and %s %d", name, p.name, found[i], programs[0].name, found[0])
		}
		c := measure.Median(costs[i][1:]) // the first round fills the page cache
		each, speed := "–", "–"
		if per > 0 {
			each = fmt.Sprint(c.Wall.Nanoseconds() / int64(per))
		}
		if megabytes > 0 {
			speed = fmt.Sprintf("%.0f", float64(megabytes)/c.Wall.Seconds())
		}
		fmt.Fprintf(out, "| %s | %s | %s | %.1f | %s | %s | %d | %s | %s | %s |\n", p.name, measure.Millis(c.Wall), measure.Millis(c.CPU), float64(c.Peak)/1024,
			each, speed, found[i], measure.Ratio(mine.Wall, c.Wall), measure.Ratio(mine.CPU, c.CPU), measure.Ratio(mine.Peak, c.Peak))
	}
	return nil
}

// count is how many findings a report of either program holds.
func count(report string) (int, error) {
	raw, err := os.ReadFile(report)
	if err != nil {
		return 0, fmt.Errorf("read what was found: %w", err)
	}
	defer func() { _ = os.Remove(report) }() // a leftover in the temporary folder does no harm
	var r struct {
		Findings []json.RawMessage `json:"findings"`
		Results  []struct {
			Vulnerabilities []json.RawMessage
		}
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return 0, fmt.Errorf("read what was found: %w", err)
	}
	n := len(r.Findings)
	for _, res := range r.Results {
		n += len(res.Vulnerabilities)
	}
	return n, nil
}
