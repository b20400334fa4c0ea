package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// referrerList is the index under the fallback tag, or of an OCI layout, to which an
// entry is added. What is not understood is kept as it is.
type referrerList struct {
	fields  map[string]json.RawMessage // without the entries
	entries []listEntry
}

// listEntry is an entry of such a list.
type listEntry struct {
	digest string
	raw    json.RawMessage
}

// emptyList is a list without entries.
func emptyList() referrerList {
	return referrerList{fields: map[string]json.RawMessage{"schemaVersion": json.RawMessage("2"), "mediaType": json.RawMessage(`"` + indexType + `"`)}}
}

// parseList reads a list that is to be extended. Content that is not surely an index
// is an error, because it would be overwritten.
func parseList(raw []byte) (referrerList, error) {
	var l referrerList
	if err := json.Unmarshal(raw, &l.fields); err != nil {
		return l, fmt.Errorf("it is not an index: %w", err)
	}
	mediaType, manifests := "", []json.RawMessage(nil)
	if given, ok := l.fields["mediaType"]; ok {
		if err := json.Unmarshal(given, &mediaType); err != nil {
			return l, fmt.Errorf("it is not an index: %w", err)
		}
	}
	if err := json.Unmarshal(l.fields["manifests"], &manifests); err != nil || manifests == nil || mediaType != "" && !isIndex(mediaType) {
		return l, errors.New("it is not an index")
	}
	delete(l.fields, "manifests")
	for _, entry := range manifests {
		var d struct {
			Digest string `json:"digest"`
		}
		if err := json.Unmarshal(entry, &d); err != nil {
			return l, fmt.Errorf("it is not an index: %w", err)
		}
		l.entries = append(l.entries, listEntry{digest: d.Digest, raw: entry})
	}
	return l, nil
}

// mediaType is the media type of l.
func (l referrerList) mediaType() string {
	var given string
	if json.Unmarshal(l.fields["mediaType"], &given) != nil || given == "" {
		return indexType
	}
	return given
}

// has reports whether l lists digest.
func (l referrerList) has(digest string) bool {
	return slices.ContainsFunc(l.entries, func(e listEntry) bool { return e.digest == digest })
}

// lacking returns those of entries that l does not list.
func (l referrerList) lacking(entries []listEntry) []listEntry {
	var lacking []listEntry
	for _, e := range entries {
		if !l.has(e.digest) {
			lacking = append(lacking, e)
		}
	}
	return lacking
}

// encode returns l as JSON. It is an error if the list is too long to be read again.
func (l referrerList) encode() ([]byte, error) {
	fields := maps.Clone(l.fields)
	entries := make([]json.RawMessage, len(l.entries)) // not nil, which would be null
	for i, e := range l.entries {
		entries[i] = e.raw
	}
	var err error
	if fields["manifests"], err = json.Marshal(entries); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(fields)
	if err == nil && len(raw) > maxManifest {
		err = fmt.Errorf("the list would have %d entries in more than %d bytes; delete attestations that are no longer needed", len(entries), maxManifest)
	}
	return raw, err
}
