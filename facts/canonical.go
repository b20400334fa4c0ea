package facts

import (
	"cmp"
	"slices"

	"github.com/prodgate/prodgate/internal/canonical"
)

// appendCanonical appends n as canonical JSON: keys sorted by their bytes, no
// space, strings with no more escapes than JSON requires, numbers as the
// scanner spelled them. Package canonical says where this differs from RFC 8785.
// It sorts n's members for good.
func appendCanonical(b []byte, n *node) []byte {
	switch n.Kind {
	case kindString:
		return canonical.AppendString(b, n.Text)
	case kindList:
		b = append(b, '[')
		for i := range n.Kids {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCanonical(b, &n.Kids[i])
		}
		return append(b, ']')
	case kindObject:
		return appendObject(b, n)
	}
	return append(b, n.Text...)
}

func appendObject(b []byte, n *node) []byte {
	slices.SortFunc(n.Kids, func(x, y node) int { return cmp.Compare(x.Name, y.Name) })
	b = append(b, '{')
	for i := range n.Kids {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(canonical.AppendString(b, n.Kids[i].Name), ':')
		b = appendCanonical(b, &n.Kids[i])
	}
	return append(b, '}')
}
