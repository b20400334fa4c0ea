package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/web"
)

// A server that limits rates refuses for another reason than one that forbids.
func TestTooManyRequests(t *testing.T) {
	now := time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)
	reset := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	for _, tt := range []struct {
		name    string
		status  int
		header  map[string]string
		limited bool
		after   time.Duration
	}{
		{"forbidden", 403, nil, false, 0},
		{"forbidden, with requests left", 403, map[string]string{"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": reset(time.Hour)}, false, 0},
		{"the secondary limit", 403, map[string]string{"Retry-After": "60"}, true, time.Minute},
		{"the primary limit", 403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset(40 * time.Minute)}, true, 40 * time.Minute},
		{"both", 403, map[string]string{"Retry-After": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset(40 * time.Minute)}, true, time.Minute},
		{"a reset in the past", 403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset(-time.Hour)}, true, 0},
		{"a reset in years", 403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset(9000 * time.Hour)}, true, 0},
		{"a reset that is no number", 403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, true, 0},
		{"429", 429, map[string]string{"Retry-After": "120"}, true, 2 * time.Minute},
		{"not found", 404, map[string]string{"X-RateLimit-Remaining": "0"}, false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", now.Format(http.TimeFormat))
				for name, value := range tt.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(tt.status)
			}))
			defer server.Close()
			api, err := web.New(web.Options{Base: server.URL, Clock: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			_, err = api.Do(ctx, web.Call{Path: "/x"})
			var status *web.StatusError
			if !errors.As(err, &status) || status.Limited != tt.limited || tt.status != 404 && status.After != tt.after {
				t.Errorf("%+v", status)
			}
		})
	}
}
