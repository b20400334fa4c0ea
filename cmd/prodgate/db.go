package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/scan/mirror"
	"github.com/spf13/cobra"
)

// newDB groups the commands about the advisory database.
func newDB(std stdio) *cobra.Command {
	return group("db", "Manage the advisory database for image scans", newDBUpdate(std), newDBStatus(std))
}

// namedDatabase returns the folder of the database from the settings of cmd.
func namedDatabase(cmd *cobra.Command, std stdio) (string, error) {
	cfg, err := loadConfig(cmd, std)
	if err != nil {
		return "", err
	}
	return databaseDir(cfg, std)
}

func newDBStatus(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "status", Short: "Show the age of the advisory database and whether it is usable", Args: none,
		Long: `Status shows the age of the advisory database and whether it is usable. It exits
with 0 if it is usable, and with 2 if it is missing, damaged or has another schema.`,
		Example: "  prodgate db status -o json",
	}
	addSettings(cmd, "db", "config")
	output := cmd.Flags().StringP("output", "o", "text", "text or json")
	complete(cmd, "output", []string{"text", "json"})
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := outputWord(*output, "text", "json"); err != nil {
			return err
		}
		dir, err := namedDatabase(cmd, std)
		if err != nil {
			return err
		}
		state, err := mirror.ReadState(dir)
		if err != nil {
			return err
		}
		s := statusOf(state, std.clock())
		if *output == "json" {
			return writeJSON(std.out, s)
		}
		sheet := newSheet(std)
		s.print(sheet)
		return writeSheet(std, sheet)
	}
	return cmd
}

// dbStatus is the database, as -o json shows it. Times are UTC.
type dbStatus struct {
	Dir          string     `json:"dir"`
	Schema       int        `json:"schema"`
	UpdatedAt    time.Time  `json:"updated_at"`
	NextUpdate   *time.Time `json:"next_update"`   // null: not in the database
	DownloadedAt *time.Time `json:"downloaded_at"` // null: not in the database
	AgeSeconds   int64      `json:"age_seconds"`   // since updated_at
	Size         int64      `json:"size"`          // of trivy.db, in bytes
	Repository   string     `json:"repository"`    // "" if prodgate did not fetch it
	Digest       string     `json:"digest"`        // of the layer that contained it; "" if prodgate did not fetch it
}

func statusOf(state mirror.State, now time.Time) dbStatus {
	return dbStatus{
		Dir: state.Dir, Schema: state.Version, UpdatedAt: state.UpdatedAt,
		NextUpdate: sinceEpoch(state.NextUpdate), DownloadedAt: sinceEpoch(state.DownloadedAt),
		AgeSeconds: int64(now.Sub(state.UpdatedAt) / time.Second), Size: state.Size,
		Repository: state.Repository, Digest: state.Digest,
	}
}

// sinceEpoch returns t, or nil if it is not set.
func sinceEpoch(t time.Time) *time.Time {
	if t.Year() < 1970 {
		return nil
	}
	return &t
}

// print prints the status as text.
func (s dbStatus) print(sheet *print.Sheet) {
	when := func(t *time.Time) string {
		if t == nil {
			return "unknown"
		}
		return t.Format(time.RFC3339)
	}
	sheet.Table(print.Table{Rows: [][]string{
		{"folder", print.Text(s.Dir)},
		{"schema", fmt.Sprint(s.Schema)},
		{"updated", when(&s.UpdatedAt) + " (" + elapsed(time.Duration(s.AgeSeconds)*time.Second) + ")"},
		{"next", when(s.NextUpdate)},
		{"downloaded", when(s.DownloadedAt)},
		{"size", mebibytes(s.Size)},
		{"from", print.Text(cmp.Or(s.Repository, "unknown"))},
		{"", print.Text(cmp.Or(s.Digest, "unknown"))},
	}})
}

// elapsed returns roughly how long ago something was.
func elapsed(d time.Duration) string {
	switch {
	case d < 0:
		return "in the future"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes ago", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours ago", d/time.Hour)
	}
	return fmt.Sprintf("%d days ago", d/(24*time.Hour))
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
