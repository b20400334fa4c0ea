package gate

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestRestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := rest(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("rest = %v", err)
	}
	if err := rest(t.Context(), time.Millisecond); err != nil {
		t.Errorf("rest = %v", err)
	}
}
