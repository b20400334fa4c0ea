package strict

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Any decodes t, JSON or YAML, into what encoding/json makes of any JSON value:
// nil, bool, json.Number, string, []any and map[string]any. It is as strict as
// Decode: no key twice, no aliases, bounded depth, numbers that JSON has.
func (t Text) Any() (any, error) {
	n, err := t.parse()
	if err != nil {
		return nil, err
	}
	return decoder{name: t.Name}.free(n, "")
}

// free is a value of which no form is asked for.
func (d decoder) free(n *node, path string) (any, error) {
	switch n.kind {
	case null:
		return nil, nil
	case boolean:
		return strconv.ParseBool(strings.ToLower(n.value))
	case number:
		return d.number(n, path)
	case text:
		return n.value, nil
	case list:
		items := make([]any, 0, len(n.items))
		for i, item := range n.items {
			value, err := d.free(item, path+"["+strconv.Itoa(i)+"]")
			if err != nil {
				return nil, err
			}
			items = append(items, value)
		}
		return items, nil
	}
	fields := make(map[string]any, len(n.items))
	for i, item := range n.items {
		value, err := d.free(item, join(path, n.keys[i].value))
		if err != nil {
			return nil, err
		}
		fields[n.keys[i].value] = value
	}
	return fields, nil
}

func (d decoder) number(n *node, path string) (any, error) {
	if json.Valid([]byte(n.value)) {
		return json.Number(n.value), nil
	}
	value, err := strconv.ParseFloat(n.value, 64)
	if err != nil || value != value || value-value != 0 {
		return nil, d.wants(n, path, "a number as JSON writes it")
	}
	return json.Number(strconv.FormatFloat(value, 'g', -1, 64)), nil
}
