package trail

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// A log alone cannot show that it is an older state of itself. So whoever
// commits leaves the last checkpoint in a file next to it: best effort, never
// older than what is there. It exposes a lost -wal file and an old backup, not
// someone who sets the file back as well; a receipt elsewhere does.

// remember notes the last checkpoint, after its commit.
func (l *Log) remember(h head) {
	file := l.place.remembered()
	if b, err := os.ReadFile(file); err == nil {
		if string(b) == h.note {
			return
		}
		if c, err := parseCheckpoint(unsigned(string(b))); err == nil && c.size >= h.size {
			return // another process was later
		}
	}
	_ = replaceWhole(file, []byte(h.note), false) // what is acknowledged does not depend on it
}

// checkRemembered asks that the log holds the checkpoint that is remembered.
func (l *Log) checkRemembered(ctx context.Context, q querier) error {
	file := l.place.remembered()
	b, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(b) == 0: // empty: a machine that lost power
		return nil
	case err != nil:
		return fmt.Errorf("read the remembered checkpoint: %w", err)
	case string(b) == l.last.note:
		return nil
	}
	c, err := openCheckpoint(string(b), l.verifier)
	if err != nil {
		return fmt.Errorf("%q remembers no checkpoint of this log: %w: if it belongs to another log that was here, remove it", file, err)
	}
	return l.checkHolds(ctx, q, c.size, string(b), fmt.Sprintf("%q remembers", file))
}

// forgotten says so if a log that was here, and that is remembered, is gone.
func (l *Log) forgotten() error {
	file := l.place.remembered()
	b, _ := os.ReadFile(file) // one that cannot be read remembers nothing of a log that is not there
	if len(b) == 0 {
		return nil
	}
	size := "an unknown number of"
	if c, err := parseCheckpoint(unsigned(string(b))); err == nil {
		size = fmt.Sprint(c.size)
	}
	return fmt.Errorf("there is no log, but %q remembers one of %s entries: restore it from a backup; to begin anew, name another location, or remove that file and %q", file, size, l.place.key)
}
