package evaluator

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// A recording is the cache of one evaluation. OPA asks it for each rule's
// result before evaluating the rule, and passes it the result afterwards, so it
// sees which results were found out by reading now, directly or through other
// rules. Those that were not are the same at another instant, and a later
// evaluation of the same document is given them (base). This errs on the side
// of forgetting; a test shows that decisions with and without it are the same.
type recording struct {
	known  *ruleTree
	base   *resultNode // of an earlier evaluation; nil without
	agreed agreement   // where base is another rule set's: the rules of which it holds
	before *resultNode // what follows from the settings alone; nil without
	frames []*resultNode
	open   []pending // requested and not evaluated yet, outermost first
	// settled says that now is not before the facts' collection. Time is
	// searched forwards, so the rule that says so keeps its result.
	settled bool
}

// resultNode is one step of a rule's path, or of the arguments or keys that
// follow it.
type resultNode struct {
	value     *ast.Term
	undefined bool
	moving    bool                       // found out by reading now
	names     map[ast.String]*resultNode // the children whose step is a name
	others    *util.HasherMap[*ast.Term, *resultNode]
}

// pending is a requested result.
type pending struct {
	node    *resultNode
	moving  bool
	barrier bool // reading now inside it does not affect the caller
}

func newRecording(known *ruleTree, base *resultNode, settled bool) *recording {
	return &recording{known: known, base: base, frames: []*resultNode{{}}, settled: settled}
}

// root returns the results, as the base of later evaluations.
func (r *recording) root() *resultNode { return r.frames[0] }

// Push begins a "with" statement, under which nothing known holds.
func (r *recording) Push() {
	r.frames = append(r.frames, &resultNode{})
	r.readNow()
}

// Pop ends a "with" statement.
func (r *recording) Pop() { r.frames = r.frames[:len(r.frames)-1] }

// Get returns a known result, or notes that one is being evaluated.
func (r *recording) Get(ref ast.Ref) (*ast.Term, bool) {
	if len(r.frames) == 1 && r.base != nil {
		if node := r.base.find(ref); node != nil && (node.value != nil || node.undefined) && r.holds(node, ref) {
			return answer(node)
		}
	}
	if len(r.frames) == 1 && r.before != nil {
		if node := r.before.find(ref); node != nil && (node.value != nil || node.undefined) {
			return answer(node)
		}
	}
	node := r.frames[len(r.frames)-1].make(ref)
	if node.value != nil || node.undefined {
		if node.moving {
			r.readNow()
		}
		return answer(node)
	}
	rule := r.known.find(ref)
	r.open = append(r.open, pending{node: node, moving: rule.unsafe, barrier: rule.settles && r.settled})
	if rule.readsNow {
		r.readNow()
	}
	return nil, false
}

// holds reports whether a result of base is one of this evaluation too.
func (r *recording) holds(node *resultNode, ref ast.Ref) bool {
	if r.agreed == nil {
		return !node.moving
	}
	return r.agreed[r.known.find(ref)]
}

func answer(node *resultNode) (*ast.Term, bool) {
	if node.undefined {
		return nil, true
	}
	return node.value, false
}

// readNow marks everything that is being evaluated.
func (r *recording) readNow() {
	for i := len(r.open) - 1; i >= 0; i-- {
		if r.open[i].barrier {
			return
		}
		r.open[i].moving = true
	}
}

// Put notes a result; nil is "undefined". What was asked for in between and
// not answered had no result. A result that was not requested is not kept.
func (r *recording) Put(ref ast.Ref, value *ast.Term) {
	node := r.frames[len(r.frames)-1].make(ref)
	node.moving = true
	for i := len(r.open) - 1; i >= 0; i-- {
		if r.open[i].node == node {
			node.moving = r.open[i].moving
			r.open = r.open[:i]
			break
		}
	}
	if value != nil {
		node.value = value
	} else {
		node.undefined = true
	}
	if node.moving {
		r.readNow()
	}
}

// Keys is part of OPA's interface; nothing asks for it here.
func (r *recording) Keys() []ast.Ref { return nil }

// find walks ref; nil if nothing is known.
func (n *resultNode) find(ref ast.Ref) *resultNode {
	for _, step := range ref {
		if n = n.child(step); n == nil {
			return nil
		}
	}
	return n
}

// child returns nil if nothing is known.
func (n *resultNode) child(step *ast.Term) *resultNode {
	if name, ok := step.Value.(ast.String); ok {
		return n.names[name]
	}
	if n.others == nil {
		return nil
	}
	child, _ := n.others.Get(step)
	return child
}

// make walks ref and creates missing nodes.
func (n *resultNode) make(ref ast.Ref) *resultNode {
	for _, step := range ref {
		next := n.child(step)
		if next == nil {
			next = &resultNode{}
			n.add(step, next)
		}
		n = next
	}
	return n
}

func (n *resultNode) add(step *ast.Term, child *resultNode) {
	if name, ok := step.Value.(ast.String); ok {
		if n.names == nil {
			n.names = map[ast.String]*resultNode{}
		}
		n.names[name] = child
		return
	}
	if n.others == nil {
		n.others = util.NewHasherMap[*ast.Term, *resultNode]((*ast.Term).Equal)
	}
	n.others.Put(step, child)
}

// learn copies settled results into n.
func (n *resultNode) learn(found []remembered) {
	for _, result := range found {
		node := n.make(result.ref)
		node.value, node.undefined = result.value, result.value == nil
	}
}

// remembered is one rule's result; a nil value is "undefined".
type remembered struct {
	ref   ast.Ref
	value *ast.Term
}

// results lists what was found out below n, as far as accept accepts the rule.
func (n *resultNode) results(at ast.Ref, accept func(ast.Ref) bool) []remembered {
	var found []remembered
	if (n.value != nil || n.undefined) && accept(at) {
		found = append(found, remembered{ref: at, value: n.value})
	}
	for name, child := range n.names {
		found = append(found, child.results(at.Append(ast.NewTerm(name)), accept)...)
	}
	if n.others != nil {
		n.others.Iter(func(step *ast.Term, child *resultNode) bool {
			found = append(found, child.results(at.Append(step), accept)...)
			return false
		})
	}
	return found
}
