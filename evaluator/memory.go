package evaluator

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// memory holds results of rules that were evaluated before and would be the
// same again. It is not changed once made, so that evaluations can share it.
type memory struct {
	cache topdown.VirtualCache
	size  int
}

// remembered is one rule's result; a nil value is "undefined".
type remembered struct {
	ref   ast.Ref
	value *ast.Term
}

// recording is the cache of one evaluation: it knows what memories hold, and
// records what is found out anew.
type recording struct {
	topdown.VirtualCache
	known []*memory
	found []remembered
	depth int // of "with" statements, under which nothing known holds
}

func newRecording(known ...*memory) *recording {
	return &recording{VirtualCache: topdown.NewVirtualCache(), known: known}
}

func (r *recording) Push() {
	r.depth++
	r.VirtualCache.Push()
}

func (r *recording) Pop() {
	r.depth--
	r.VirtualCache.Pop()
}

func (r *recording) Get(ref ast.Ref) (*ast.Term, bool) {
	if r.depth == 0 {
		for _, m := range r.known {
			if value, undefined := m.cache.Get(ref); value != nil || undefined {
				return value, undefined
			}
		}
	}
	return r.VirtualCache.Get(ref)
}

func (r *recording) Put(ref ast.Ref, value *ast.Term) {
	if r.depth == 0 {
		r.found = append(r.found, remembered{ref: slices.Clone(ref), value: value})
	}
	r.VirtualCache.Put(ref, value)
}

// keep makes a memory of what was found out by rules that keeps accepts,
// together with all that was known before.
func (r *recording) keep(accept func(ast.Ref) bool) *memory {
	kept := &memory{cache: topdown.NewVirtualCache()}
	for _, found := range r.found {
		if accept(found.ref) {
			kept.cache.Put(found.ref, found.value)
			kept.size++
		}
	}
	return kept
}
