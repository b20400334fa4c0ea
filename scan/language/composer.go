package language

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// readComposer reads what Composer installed: version 2 writes an object with
// packages, version 1 the list alone. Other programs have an installed.json, too.
func readComposer(f *file) error {
	raw, err := f.whole()
	if err != nil {
		return err
	}
	if err := f.composer(json.NewDecoder(bytes.NewReader(raw))); err != nil {
		if !strings.HasSuffix("/"+f.path, "/composer/installed.json") {
			return errOther
		}
		return notReadable("list of Composer's", err)
	}
	return nil
}

// composer reads the list package by package.
func (f *file) composer(dec *json.Decoder) error {
	first, err := dec.Token()
	if err != nil {
		return err
	}
	if first == json.Delim('[') {
		return f.composerList(dec)
	}
	if first != json.Delim('{') {
		return errors.New("it is neither an object nor a list")
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		if key != "packages" {
			var ignored json.RawMessage
			if err := dec.Decode(&ignored); err != nil {
				return err
			}
			continue
		}
		if value, err := dec.Token(); err != nil || value != json.Delim('[') {
			return errors.Join(errors.New("its packages are not a list"), err)
		}
		if err := f.composerList(dec); err != nil {
			return err
		}
	}
	return nil
}

func (f *file) composerList(dec *json.Decoder) error {
	seen := map[string]bool{}
	for dec.More() {
		var p struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		}
		if err := dec.Decode(&p); err != nil {
			return err
		}
		if !seen[p.Name] {
			seen[p.Name] = true
			f.add(p.Name, p.Version)
		}
	}
	_, err := dec.Token()
	return err
}
