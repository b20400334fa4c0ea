package trail

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
)

// To verify a log is mostly to read JSON. A leaf is canonical, and its hash shows
// whether it is the one that was written; so what verify needs of it is found by
// a scan that does not check the rest. Whatever the scan does not expect, it
// leaves to parseLeaf.

var errScan = errors.New("not canonical JSON")

// scanned is what verify compares of a leaf.
type scanned struct {
	columns []sql.NullString // in the order of columns
	refs    map[string]BlobRef
}

// scanLeaf finds the columns and the blobs of a leaf; false if it should be
// parsed.
func scanLeaf(body []byte) (s scanned, ok bool) {
	s.columns = make([]sql.NullString, len(columns))
	kind := ""
	err := members(body, func(name, value []byte) (err error) {
		switch string(name) {
		case "_type":
			kind, err = plainText(value)
		case "predicate":
			err = s.predicate(value)
		case "subject":
			err = s.subject(value)
		}
		return err
	})
	id, typ, recorded := s.columns[0], s.columns[1], s.columns[2]
	return s, err == nil && kind == statementType && id.Valid && recorded.Valid && typ.Valid && typ.String != TypeBlobErased
}

func (s *scanned) predicate(b []byte) error {
	return members(b, func(name, value []byte) error {
		switch string(name) {
		case "blobs":
			return json.Unmarshal(value, &s.refs)
		case "data":
			return s.data(value)
		}
		for i := range columns {
			if c := &columns[i]; len(c.path) == 2 && c.path[1] == string(name) {
				return s.set(i, value)
			}
		}
		return nil
	})
}

func (s *scanned) subject(b []byte) error {
	if bytes.Equal(b, []byte("[]")) {
		return nil
	}
	if len(b) < 2 || b[0] != '[' || b[len(b)-1] != ']' {
		return errScan
	}
	first, rest, err := value(b[1 : len(b)-1])
	if err != nil || len(rest) > 0 {
		return errScan
	}
	return members(first, func(name, value []byte) error {
		if string(name) != "digest" {
			return nil
		}
		return members(value, func(name, value []byte) error {
			if string(name) != "sha256" {
				return errScan
			}
			return s.set(digestColumn, value)
		})
	})
}

func (s *scanned) data(b []byte) error {
	return members(b, func(name, value []byte) error {
		if string(name) != "policy" || value[0] != '{' {
			return nil
		}
		return members(value, func(name, value []byte) error {
			if string(name) != "digest" || value[0] != '"' {
				return nil
			}
			return s.set(policyColumn, value)
		})
	})
}

func (s *scanned) set(column int, value []byte) error {
	text, err := plainText(value)
	s.columns[column] = sql.NullString{String: text, Valid: true}
	return err
}

// members goes through an object without spaces. Names are as they are written.
func members(b []byte, each func(name, value []byte) error) error {
	if len(b) < 2 || b[0] != '{' || b[len(b)-1] != '}' {
		return errScan
	}
	for b = b[1 : len(b)-1]; len(b) > 0; {
		name, rest, err := value(b)
		if err != nil || name[0] != '"' || len(rest) == 0 || rest[0] != ':' {
			return errScan
		}
		v, rest, err := value(rest[1:])
		if err != nil {
			return err
		}
		if err := each(name[1:len(name)-1], v); err != nil {
			return err
		}
		if len(rest) > 0 && (rest[0] != ',' || len(rest) == 1) {
			return errScan
		}
		b = rest[min(1, len(rest)):]
	}
	return nil
}

// value takes the first value off b. It is never empty.
func value(b []byte) (v, rest []byte, err error) {
	if len(b) == 0 {
		return nil, nil, errScan
	}
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			end := quoted(b[i:])
			if end < 0 {
				return nil, nil, errScan
			}
			i += end
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		case ',', ':':
			if depth == 0 {
				return nil, nil, errScan
			}
			continue
		default:
			if depth > 0 {
				continue
			}
			for i+1 < len(b) && bytes.IndexByte([]byte(`,:}]{["`), b[i+1]) < 0 {
				i++
			}
		}
		if depth < 0 {
			return nil, nil, errScan
		}
		if depth == 0 {
			return b[:i+1], b[i+1:], nil
		}
	}
	return nil, nil, errScan
}

// quoted is where the text at the begin of b ends; -1 if it does not.
func quoted(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// plainText reads a text.
func plainText(v []byte) (string, error) {
	if len(v) < 2 || v[0] != '"' {
		return "", errScan
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1]), nil
	}
	var s string
	err := json.Unmarshal(v, &s)
	return s, err
}
