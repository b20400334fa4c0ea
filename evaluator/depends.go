package evaluator

import "github.com/open-policy-agent/opa/v1/ast"

// ruleTree says of each rule, by its path, what memory must know. The zero
// value is a path that leads to no rule.
type ruleTree struct {
	readsNow bool // its own text reads input.now
	// unsafe rules may read now without being seen: they use a function or
	// set that reads input.now in its own text. They are not remembered.
	unsafe bool
	// settles is the rule that compares now with the facts' collection.
	settles bool
	// ownFacts says that it may follow from more than the request's
	// environment and service.
	ownFacts bool

	children map[string]*ruleTree
}

// settlesPath is the rule that says whether now is not before the collection
// of the facts; see recording.settled.
const settlesPath = "data.prodgate.v1.lib.clock.after_collection"

// newRuleTree reads the compiled rules. It errs on the side of dependence: a
// rule that reads the whole input, or by a key that is not written out,
// depends on everything.
func newRuleTree(c *ast.Compiler) *ruleTree {
	root := &ruleTree{}
	callers := map[*ruleTree][]*ruleTree{}
	for _, module := range c.Modules {
		for _, rule := range module.Rules {
			node := root.make(rule.Ref().GroundPrefix())
			node.settles = rule.Ref().String() == settlesPath
			for r := rule; r != nil; r = r.Else {
				now, more := readsOf(r)
				node.readsNow = node.readsNow || now
				node.ownFacts = node.ownFacts || more
				whole := len(r.Head.Args) == 0 && r.Head.RuleKind() == ast.SingleValue && r.Ref().IsGround()
				node.unsafe = node.unsafe || now && !whole
			}
			for called := range c.Graph.Dependencies(rule) {
				used := root.make(called.(*ast.Rule).Ref().GroundPrefix())
				callers[used] = append(callers[used], node)
			}
		}
	}
	spread(callers, func(n *ruleTree) *bool { return &n.unsafe })
	spread(callers, func(n *ruleTree) *bool { return &n.ownFacts })
	return root
}

// spread gives a property of rules to all rules that use them.
func spread(callers map[*ruleTree][]*ruleTree, property func(*ruleTree) *bool) {
	var queue []*ruleTree
	for used := range callers {
		if *property(used) {
			queue = append(queue, used)
		}
	}
	for len(queue) > 0 {
		used := queue[0]
		queue = queue[1:]
		for _, caller := range callers[used] {
			if has := property(caller); !*has {
				*has = true
				queue = append(queue, caller)
			}
		}
	}
}

func (t *ruleTree) make(path ast.Ref) *ruleTree {
	for _, step := range path {
		key := stepName(step)
		if t.children == nil {
			t.children = map[string]*ruleTree{}
		}
		if t.children[key] == nil {
			t.children[key] = &ruleTree{}
		}
		t = t.children[key]
	}
	return t
}

// find is the rule that a result belongs to, or the nearest above it. A
// function's result is kept under the function's own path as one step, followed
// by its arguments.
func (t *ruleTree) find(ref ast.Ref) *ruleTree {
	if len(ref) > 0 {
		if function, ok := ref[0].Value.(ast.Ref); ok {
			ref = function
		}
	}
	for _, step := range ref {
		next := t.children[stepName(step)]
		if next == nil {
			return t
		}
		t = next
	}
	return t
}

// stepName is one step of a path; empty where it is no plain name.
func stepName(step *ast.Term) string {
	switch value := step.Value.(type) {
	case ast.String:
		return string(value)
	case ast.Var:
		return string(value)
	default:
		return ""
	}
}

// settled accepts the results of rules that follow from the request's
// environment and service alone.
func (t *ruleTree) settled(ref ast.Ref) bool {
	rule := t.find(ref)
	return len(rule.children) == 0 && rule != t && !rule.ownFacts
}

// readsOf reports whether a rule's own text reads input.now, and whether it reads
// more than the request's environment and service.
func readsOf(rule *ast.Rule) (now, more bool) {
	var visitor *ast.GenericVisitor
	visitor = ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Rule:
			if x != rule {
				return true // an else branch, read by itself
			}
		case ast.Ref:
			n, m := readsByRef(x)
			now, more = now || n, more || m
			for _, part := range x[1:] {
				visitor.Walk(part)
			}
			return true
		case ast.Var:
			if x.Equal(ast.InputRootDocument.Value) {
				now, more = true, true
			}
		}
		return false
	})
	visitor.Walk(rule)
	return now, more
}

func readsByRef(ref ast.Ref) (now, more bool) {
	if !ref[0].Equal(ast.InputRootDocument) {
		return false, false
	}
	section, ok := writtenAt(ref, 1)
	if !ok {
		return true, true
	}
	if section != "request" {
		return section == "now", true
	}
	key, _ := writtenAt(ref, 2)
	return false, key != "environment" && key != "service"
}

// writtenAt is the key at position i of ref, if it is written out as text.
func writtenAt(ref ast.Ref, i int) (string, bool) {
	if len(ref) <= i {
		return "", false
	}
	key, ok := ref[i].Value.(ast.String)
	return string(key), ok
}

// inputPaths lists what a rule reads of the input, as JSON Pointers, as far as
// it is written out.
func inputPaths(rule *ast.Rule) []string {
	var paths []string
	ast.WalkRefs(rule, func(ref ast.Ref) bool {
		if !ref.HasPrefix(ast.InputRootRef) {
			return false
		}
		path := ""
		for i := 1; i < len(ref); i++ {
			key, ok := writtenAt(ref, i)
			if !ok {
				break
			}
			path += "/" + key
		}
		if path != "" && path != "/index" {
			paths = append(paths, path)
		}
		return false
	})
	return paths
}
