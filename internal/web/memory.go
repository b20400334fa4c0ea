package web

import "sync"

// maxRemembered bounds what is remembered, in bytes.
const maxRemembered = 32 << 20

// remembered is a document that a server gave a tag for.
type remembered struct {
	tag  string
	data []byte // not to be changed
}

// memory holds documents by URL.
type memory struct {
	mu    sync.Mutex
	known map[string]remembered
	bytes int
}

// find returns what is known of a URL.
func (m *memory) find(url string) (remembered, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.known[url]
	return r, ok
}

// keep remembers the document of a URL, or forgets it if it has no tag. Where
// there is no room, all else is forgotten.
func (m *memory) keep(url, tag string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.known[url]; ok {
		m.bytes -= len(old.data)
		delete(m.known, url)
	}
	if tag == "" || len(data) > maxRemembered {
		return
	}
	if m.known == nil || m.bytes+len(data) > maxRemembered {
		m.known, m.bytes = map[string]remembered{}, 0
	}
	m.known[url] = remembered{tag, data}
	m.bytes += len(data)
}
