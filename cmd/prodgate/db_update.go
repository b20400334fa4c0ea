package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/scan/mirror"
	"github.com/spf13/cobra"
)

func newDBUpdate(std stdio) *cobra.Command {
	mirrors := mirror.Repositories()
	cmd := &cobra.Command{
		Use: "update", Short: "Download the latest advisory database", Args: none,
		Long: `Update downloads the latest Trivy database, an OCI artifact with one layer. If a
mirror cannot be read, it tries the next one. It resumes an interrupted download and
verifies the digest. The replacement is atomic; on any error the old database stays.

Update exits with 0 if the latest database is installed, and with 2 if it could not
be downloaded.`,
		Example: "  prodgate db update\n  prodgate db update --db ./db --repository registry.example.com/mirror/trivy-db",
	}
	addSettings(cmd, "db", "config")
	flags := cmd.Flags()
	repositories := flags.StringArray("repository", nil, "where to download from, repeatable, tried in order: HOST/REPOSITORY[:TAG][@sha256:…] or oci:DIR; default: "+strings.Join(mirrors, ", then "))
	force := flags.Bool("force", false, "download the database even if it is already present or older than the present one")
	flags.Bool(config.InsecureFlag, false, "read the registries over plain HTTP, also outside loopback (flag only)")
	flags.BoolP("quiet", "q", false, "print only errors")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var err error
		options := mirror.Options{Repositories: *repositories, Force: *force, Now: std.clock}
		if options.Dir, err = namedDatabase(cmd, std); err != nil {
			return err
		}
		if options.Insecure, err = flags.GetBool(config.InsecureFlag); err != nil {
			return err
		}
		quiet, err := flags.GetBool("quiet")
		if err != nil {
			return err
		}
		progress := newTransferLine(std, !quiet && print.IsTerminal(std.err))
		options.Progress = progress.show
		result, err := mirror.Update(cmd.Context(), options)
		progress.clear()
		if err != nil || quiet {
			return err
		}
		verb := "up to date"
		if result.Fetched {
			verb = "fetched"
		}
		return writeText(std, fmt.Sprintf("%s: the database of %s from %s, %s, in %s\n",
			verb, result.UpdatedAt.Format(time.RFC3339), cmp.Or(result.Repository, "an unknown source"), mebibytes(result.Size), result.Dir))
	}
	return cmd
}

// transferLine shows the progress of a download on a terminal, in one line.
type transferLine struct {
	std   stdio
	on    bool
	shown time.Time
	wrote bool
}

// often is the minimum time between two updates of the line.
const often = 100 * time.Millisecond

func newTransferLine(std stdio, on bool) *transferLine { return &transferLine{std: std, on: on} }

// longestSource is how many characters of a source are shown if the terminal's width
// is not known: a line that wraps cannot be cleared.
const longestSource = 40

// show reports that done of total bytes (0: not known) came from there.
func (p *transferLine) show(from string, done, total int64) {
	now := p.std.clock()
	if !p.on || done != total && now.Sub(p.shown) < often {
		return
	}
	p.shown, p.wrote = now, true
	amount := mebibytes(done)
	if total > 0 {
		amount = fmt.Sprintf("%.1f of %s (%d%%)", float64(done)/(1<<20), mebibytes(total), done*100/total)
	}
	room := longestSource
	if width := print.Columns(p.std.err, p.std.getenv("COLUMNS")); width > 0 {
		room = max(1, width-len(amount)-len(": ")-1)
	}
	source := []rune(print.Line(from))
	if over := len(source) - room; over > 0 {
		source = append([]rune("…"), source[over+1:]...)
	}
	fmt.Fprintf(print.Unescaped(p.std.err), "\r\x1b[K%s: %s", string(source), amount)
}

// clear removes the line.
func (p *transferLine) clear() {
	if p.wrote {
		fmt.Fprint(print.Unescaped(p.std.err), "\r\x1b[K")
	}
}
