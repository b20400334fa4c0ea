package strict

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Any decodes t, JSON or YAML, into what encoding/json makes of any JSON value:
// nil, bool, json.Number, string, []any and map[string]any. It is as strict as
// Decode: no key twice, no aliases, bounded depth, only numbers that JSON has.
func (t Text) Any() (any, error) {
	n, src, err := t.parse()
	if err != nil {
		return nil, err
	}
	value, at := n.any()
	if at != nil {
		return nil, fmt.Errorf("%s:%d: %q is not a number that JSON has", t.Name, src.line(at.At), clip(at.Text))
	}
	return value, nil
}

// any is the value of n, or the node that has no value in JSON.
func (n *Node) any() (value any, wrong *Node) {
	switch n.Kind {
	case Null:
		return nil, nil
	case Bool:
		return strings.EqualFold(n.Text, "true"), nil
	case Number:
		return n.number()
	case String:
		return n.Text, nil
	case List:
		items := make([]any, 0, len(n.Kids))
		for i := range n.Kids {
			item, wrong := n.Kids[i].any()
			if wrong != nil {
				return nil, wrong
			}
			items = append(items, item)
		}
		return items, nil
	}
	members := make(map[string]any, len(n.Kids))
	for i := range n.Kids {
		member, wrong := n.Kids[i].any()
		if wrong != nil {
			return nil, wrong
		}
		members[n.Kids[i].Name] = member
	}
	return members, nil
}

func (n *Node) number() (any, *Node) {
	if json.Valid([]byte(n.Text)) {
		return json.Number(n.Text), nil
	}
	value, err := strconv.ParseFloat(n.Text, 64)
	if err != nil || value != value || value-value != 0 {
		return nil, n
	}
	return json.Number(strconv.FormatFloat(value, 'g', -1, 64)), nil
}
