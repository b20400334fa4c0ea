package recorded_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/prodgate/prodgate/collectors/log/internal/recorded"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// A section of a trail that could not be closed is not reported. If it could not be read
// either, that is the error.
func TestCollectReportsTheErrorOfClosing(t *testing.T) {
	location := filepath.Join(t.TempDir(), "t.db")
	log, err := trail.Open(t.Context(), location, trail.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	unread := errors.New("unread")
	for name, tt := range map[string]struct {
		closed bool // before Collect closes it
		err    error
		want   func(error) bool
	}{
		"read and closed":             {want: func(err error) bool { return err == nil }},
		"read, but not closed":        {closed: true, want: func(err error) bool { return err != nil }},
		"neither read nor closed":     {closed: true, err: unread, want: func(err error) bool { return errors.Is(err, unread) }},
		"closed, but it was not read": {err: unread, want: func(err error) bool { return errors.Is(err, unread) }},
	} {
		t.Run(name, func(t *testing.T) {
			section, err := recorded.Log{Location: location}.Collect(t.Context(), func(r *recorded.Reading) (facts.Section, error) {
				if tt.closed {
					if err := r.Close(); err != nil {
						t.Error(err)
					}
				}
				return &facts.Trail{}, tt.err
			})
			if !tt.want(err) || (section == nil) != (err != nil) {
				t.Errorf("Collect = %v, %v", section, err)
			}
		})
	}
}
