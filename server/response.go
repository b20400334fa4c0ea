package server

import (
	"encoding/json"
	"net/http"
)

// header sets what every answer has: no cache may keep it, or an older state of the trail
// would be read from there.
func header(w http.ResponseWriter, kind string) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
}

func text(w http.ResponseWriter, status int, body string) {
	header(w, "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // a caller that is gone
}

func write(w http.ResponseWriter, result any) {
	kind := "application/octet-stream"
	body, raw := result.([]byte)
	if !raw {
		kind = "application/json"
		var err error
		if body, err = json.Marshal(result); err != nil {
			writeError(w, refuse(http.StatusInternalServerError, "the answer could not be written"))
			return
		}
	}
	header(w, kind)
	_, _ = w.Write(body) //nolint:gosec // JSON or bytes, and nosniff says so; an error is a caller that is gone
}

func writeError(w http.ResponseWriter, r *refusal) {
	header(w, "application/json")
	if r.after != "" {
		w.Header().Set("Retry-After", r.after)
	}
	if r.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="prodgate"`)
	}
	w.WriteHeader(r.status)
	body, _ := json.Marshal(map[string]string{"message": r.text}) // a map of texts always is JSON
	_, _ = w.Write(body)                                          // a caller that is gone
}
