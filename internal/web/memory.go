package web

import (
	"net/http"
	"sync"
)

// maxRemembered bounds what is remembered, in bytes.
const maxRemembered = 32 << 20

// remembered is an answer that came with an ETag.
type remembered struct {
	tag    string
	data   []byte // must not be changed
	header http.Header
}

// memory holds answers by what was asked for.
type memory struct {
	mu    sync.Mutex
	known map[string]remembered
	bytes int
}

// find returns what is remembered under key.
func (m *memory) find(key string) (remembered, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.known[key]
	return r, ok
}

// keep remembers an answer under key, or forgets key if the answer has no tag. If
// there is no room, everything else is forgotten.
func (m *memory) keep(key string, r remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.known[key]; ok {
		m.bytes -= len(old.data)
		delete(m.known, key)
	}
	if r.tag == "" || len(r.data) > maxRemembered {
		return
	}
	if m.known == nil || m.bytes+len(r.data) > maxRemembered {
		m.known, m.bytes = map[string]remembered{}, 0
	}
	m.known[key] = r
	m.bytes += len(r.data)
}
