package language

import (
	"encoding/json"
	"strings"
)

// readComposer reads what Composer installed: version 2 writes an object with
// packages, version 1 the list alone. Other programs have an installed.json, too.
func readComposer(f *file) error {
	type pkg struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	var raw json.RawMessage
	err := f.json(&raw)
	if err == nil {
		var list []pkg
		var object struct {
			Packages []pkg `json:"packages"`
		}
		if len(raw) > 0 && raw[0] == '[' {
			err = json.Unmarshal(raw, &list)
		} else {
			err = json.Unmarshal(raw, &object)
			list = object.Packages
		}
		if err == nil {
			seen := map[string]bool{}
			for _, p := range list {
				if p.Name != "" && !seen[p.Name] {
					seen[p.Name] = true
					f.add(p.Name, p.Version)
				}
			}
			return nil
		}
		err = notReadable("list of Composer's", err)
	}
	if f.err == nil && !strings.HasSuffix("/"+f.path, "/composer/installed.json") {
		return errOther
	}
	return err
}
