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
	switch n.kind {
	case kindString:
		return canonical.AppendString(b, n.text)
	case kindList:
		b = append(b, '[')
		for i := range n.kids {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCanonical(b, &n.kids[i])
		}
		return append(b, ']')
	case kindObject:
		return appendObject(b, n)
	}
	return append(b, n.text...)
}

func appendObject(b []byte, n *node) []byte {
	slices.SortFunc(n.kids, func(x, y node) int { return cmp.Compare(x.name, y.name) })
	b = append(b, '{')
	for i := range n.kids {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(canonical.AppendString(b, n.kids[i].name), ':')
		b = appendCanonical(b, &n.kids[i])
	}
	return append(b, '}')
}
