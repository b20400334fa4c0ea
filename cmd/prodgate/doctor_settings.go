package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/prodgate/prodgate/policies"
	"gopkg.in/yaml.v3"
)

// settingsTable lists the policies' settings in force, one line for each, with
// its origin: shipped, or a pack.
func settingsTable(inForce json.RawMessage) ([]string, error) {
	var ours map[string]any
	if err := json.Unmarshal(inForce, &ours); err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	content, err := fs.ReadFile(policies.FS, "prodgate/v1/settings/data.yaml")
	if err != nil {
		return nil, fmt.Errorf("read the shipped settings: %w", err)
	}
	var shipped map[string]any
	if err := yaml.Unmarshal(content, &shipped); err != nil {
		return nil, fmt.Errorf("read the shipped settings: %w", err)
	}
	before, now := map[string]string{}, map[string]string{}
	flatten(shipped, "", before)
	flatten(ours, "", now)
	lines := make([]string, 0, len(now))
	for _, key := range slices.Sorted(maps.Keys(now)) {
		origin := "a pack"
		if before[key] == now[key] {
			origin = "shipped"
		}
		lines = append(lines, fmt.Sprintf("%s = %s  (%s)", key, now[key], origin))
	}
	return lines, nil
}

// flatten adds the leaves of value to leaves, by dotted path. Lists and empty tables
// are leaves.
func flatten(value any, path string, leaves map[string]string) {
	table, ok := value.(map[string]any)
	if !ok || len(table) == 0 {
		text, err := json.Marshal(value)
		if err != nil {
			text = []byte(fmt.Sprint(value))
		}
		leaves[path] = string(text)
		return
	}
	for key, child := range table {
		at := key
		if path != "" {
			at = path + "." + key
		}
		flatten(child, at, leaves)
	}
}
