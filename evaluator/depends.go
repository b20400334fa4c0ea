package evaluator

import "github.com/open-policy-agent/opa/v1/ast"

// dependencies says of each rule whether its result can change with the
// instant decided about, and whether it follows from the request's environment
// and service alone. It errs on the side of dependence: a rule that reads the
// whole input, or reads it by a key that is not written out, depends on
// everything.
type dependencies struct {
	onNow     map[string]bool // rule path → may change with input.now
	onRequest map[string]bool // rule path → may change with more than environment and service
}

func newDependencies(c *ast.Compiler) dependencies {
	direct := map[string][2]bool{}
	callers := map[string]map[string]bool{}
	for _, module := range c.Modules {
		for _, rule := range module.Rules {
			path := rule.Ref().GroundPrefix().String()
			now, more := readsOf(rule)
			for other := rule.Else; other != nil; other = other.Else {
				n, m := readsOf(other)
				now, more = now || n, more || m
			}
			was := direct[path]
			direct[path] = [2]bool{was[0] || now, was[1] || more}
			for called := range c.Graph.Dependencies(rule) {
				name := called.(*ast.Rule).Ref().GroundPrefix().String()
				if callers[name] == nil {
					callers[name] = map[string]bool{}
				}
				callers[name][path] = true
			}
		}
	}
	return dependencies{onNow: spread(direct, callers, 0), onRequest: spread(direct, callers, 1)}
}

// spread follows a property from the rules that have it to all that use them.
func spread(direct map[string][2]bool, callers map[string]map[string]bool, which int) map[string]bool {
	all := make(map[string]bool, len(direct))
	var queue []string
	for path, has := range direct {
		all[path] = has[which]
		if has[which] {
			queue = append(queue, path)
		}
	}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		for caller := range callers[path] {
			if !all[caller] {
				all[caller] = true
				queue = append(queue, caller)
			}
		}
	}
	return all
}

// readsOf says whether a rule's own text reads input.now, and whether it reads
// more than the request's environment and service.
func readsOf(rule *ast.Rule) (now, more bool) {
	var visitor *ast.GenericVisitor
	visitor = ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
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

// timeless accepts the results of rules that do not change with now.
func (d dependencies) timeless(ref ast.Ref) bool {
	now, known := lookup(d.onNow, ref)
	return known && !now
}

// settled accepts the results of rules that follow from the request's
// environment and service alone.
func (d dependencies) settled(ref ast.Ref) bool {
	more, known := lookup(d.onRequest, ref)
	return known && !more
}

// lookup finds the rule that a result belongs to: the longest path of a rule
// that ref begins with.
func lookup(rules map[string]bool, ref ast.Ref) (has, known bool) {
	for n := len(ref); n > 1; n-- {
		if has, known = rules[ref[:n].String()]; known {
			return has, known
		}
	}
	return false, false
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
