package strict

import (
	"strconv"
	"strings"
)

// MaxProblems is how many problems an error lists.
const MaxProblems = 20

// Place is where a walk through a document is, from the root down.
type Place []step

// step is a key, or the number of an item.
type step struct {
	key   string
	index int
	item  bool
}

// Push goes to a key.
func (p *Place) Push(key string) { *p = append(*p, step{key: key}) }

// PushItem goes to an item of a list.
func (p *Place) PushItem(i int) { *p = append(*p, step{index: i, item: true}) }

// Pop goes back.
func (p *Place) Pop() { *p = (*p)[:len(*p)-1] }

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// Pointer returns p as a JSON Pointer, with more keys behind it.
func (p Place) Pointer(more ...string) string {
	var b strings.Builder
	for _, s := range p {
		b.WriteByte('/')
		if s.item {
			b.WriteString(strconv.Itoa(s.index))
		} else {
			b.WriteString(pointerEscapes.Replace(s.key))
		}
	}
	for _, key := range more {
		b.WriteString("/" + pointerEscapes.Replace(key))
	}
	return b.String()
}

// Faults collects what is wrong, up to a number no reader gets to.
type Faults struct {
	List []Fault // in the order found
	More int     // further ones
}

// Fault is a problem at an offset.
type Fault struct {
	At      int    // offset
	Path    string // JSON Pointer
	Message string // what was seen; what is required
	Hint    string // what to try; may be empty
}

// Full counts a fault that needs no words any more.
func (f *Faults) Full() bool {
	const enough = 5 * MaxProblems
	if len(f.List) < enough {
		return false
	}
	f.More++
	return true
}

// Add notes a fault.
func (f *Faults) Add(at int32, path, message, hint string) {
	if !f.Full() {
		f.List = append(f.List, Fault{int(at), path, message, hint})
	}
}
