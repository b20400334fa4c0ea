package evaluator

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Pair is two rule sets that judge the same documents, one after the other. What
// the first found out on a document by rules that both have is given to the
// second, which evaluates what differs. It is safe for concurrent use.
type Pair struct {
	then, now *Evaluator
	agreed    sync.Map // a request's environment and service → agreement
}

// agreement is which of now's rules give what then's gave.
type agreement map[*ruleTree]bool

// NewPair creates a pair. Each evaluator can be part of several pairs.
func NewPair(then, now *Evaluator) *Pair { return &Pair{then: then, now: now} }

// Judge judges by the first rule set, as [Evaluator.Judge] does, and returns a
// function that judges the same document by the second. That gives what the
// second's own Judge gives. It may be called once, and only without an error.
func (p *Pair) Judge(ctx context.Context, in *Input) (then Judgement, again func(context.Context) (Judgement, error), err error) {
	then, found, err := p.then.judge(ctx, in, nil)
	if err != nil {
		return Judgement{}, nil, err
	}
	return then, func(ctx context.Context) (Judgement, error) {
		if p.then.policy.Digest == p.now.policy.Digest {
			return then, nil
		}
		judgement, _, err := p.now.judge(ctx, in, func(r *run) (*resultNode, agreement, error) {
			agreed, err := p.agreement(ctx, r)
			return found.root(), agreed, err
		})
		return judgement, err
	}, nil
}

// agreement is found once for each environment and service, since the settings
// in force are theirs.
func (p *Pair) agreement(ctx context.Context, now *run) (agreement, error) {
	key := now.in.doc.Request.Environment + " " + now.in.doc.Request.Service
	if found, ok := p.agreed.Load(key); ok {
		return found.(agreement), nil
	}
	then, err := p.then.settingsFor(ctx, now.in.doc.Request)
	if err != nil {
		return nil, fmt.Errorf("resolve the settings of then: %w", err)
	}
	found := agree(p.then, p.now, then.settings.tree, now.inForce.settings.tree)
	p.agreed.Store(key, found)
	return found, nil
}

// effectivePath is the rule that gives the settings in force.
const effectivePath = "data.prodgate.v1.lib.settings.effective"

// agree finds the rules whose result is the same in both rule sets, whatever the
// document: they stand in the same text, read the same of the settings in force
// and of no other data, and use only rules of which the same is true.
func agree(then, now *Evaluator, settingsThen, settingsNow map[string]any) agreement {
	agreed := agreement{}
	old, all := then.origins(), now.origins()
	if all[effectivePath] == nil || old[effectivePath] == nil || all[effectivePath].ownFacts || old[effectivePath].ownFacts {
		return agreed
	}
	differs := map[string]bool{}
	users := map[string][]string{}
	var queue []string
	for path, o := range all {
		for used := range o.uses {
			users[used] = append(users[used], path)
		}
		if path != effectivePath && !o.like(old[path], settingsThen, settingsNow) {
			differs[path] = true
			queue = append(queue, path)
		}
	}
	for len(queue) > 0 {
		for _, user := range users[queue[0]] {
			if !differs[user] && user != effectivePath {
				differs[user] = true
				queue = append(queue, user)
			}
		}
		queue = queue[1:]
	}
	for path, o := range all {
		if !differs[path] && path != effectivePath && o.alone {
			agreed[o.rule] = true
		}
	}
	return agreed
}

// origin is what a rule's result follows from, apart from the document.
type origin struct {
	rule     *ruleTree
	ownFacts bool               // as the rule's
	alone    bool               // no other rule is above or below its path
	files    []string           // the texts of the files in which it is defined, sorted
	uses     map[string]bool    // the paths of the rules that it uses
	settings map[string]ast.Ref // what it reads of the settings in force, by its spelling
	data     bool               // it reads data that no rule gives
}

// like reports whether a rule says the same in both rule sets, leaving out the rules
// that it uses.
func (o *origin) like(other *origin, settingsThen, settingsNow map[string]any) bool {
	if other == nil || o.data || other.data || !slices.Equal(o.files, other.files) || !reflect.DeepEqual(o.uses, other.uses) {
		return false
	}
	for _, path := range o.settings {
		if !reflect.DeepEqual(settingAt(settingsThen, path), settingAt(settingsNow, path)) {
			return false
		}
	}
	return true
}

// settingAt is the setting, or table of settings, at a path; nil without one.
func settingAt(tree map[string]any, path ast.Ref) any {
	var value any = tree
	for i := range path {
		name, written := writtenAt(path, i)
		table, ok := value.(map[string]any)
		if !ok || !written {
			return value
		}
		value = table[name]
	}
	return value
}

// origins finds out the origin of every rule, by its path.
func (e *Evaluator) origins() map[string]*origin {
	e.originsOnce.Do(func() { e.originsFound = e.findOrigins() })
	return e.originsFound
}

func (e *Evaluator) findOrigins() map[string]*origin {
	texts := map[string]string{}
	for _, file := range slices.Concat(e.rules.shipped, e.rules.packs) {
		texts[file.name] = file.text
	}
	all := map[string]*origin{}
	paths := map[string]ast.Ref{}
	for name, module := range e.compiler.Modules {
		for _, rule := range module.Rules {
			path := rule.Ref().GroundPrefix()
			o := all[path.String()]
			if o == nil {
				node := e.known.find(path)
				o = &origin{rule: node, ownFacts: node.ownFacts, alone: len(node.children) == 0, uses: map[string]bool{}, settings: map[string]ast.Ref{}}
				all[path.String()], paths[path.String()] = o, path
			}
			o.files = append(o.files, texts[name])
			for r := rule; r != nil; r = r.Else {
				for used := range e.compiler.Graph.Dependencies(r) {
					o.uses[used.(*ast.Rule).Ref().GroundPrefix().String()] = true
				}
			}
			o.read(rule)
		}
	}
	for name, o := range all {
		slices.Sort(o.files)
		o.files = slices.Compact(o.files)
		for i := 1; i < len(paths[name]); i++ {
			o.alone = o.alone && all[paths[name][:i].String()] == nil
		}
	}
	return all
}

// The rule that gives the settings in force, and the data that no rule gives.
var (
	effectiveRef = sync.OnceValue(func() ast.Ref { return ast.MustParseRef(effectivePath) })
	dataRefs     = sync.OnceValue(func() []ast.Ref {
		return []ast.Ref{ast.MustParseRef("data.prodgate.v1.settings"), ast.MustParseRef(organisationPath)}
	})
)

// read notes what a rule's own text reads of data.
func (o *origin) read(rule *ast.Rule) {
	ast.WalkRefs(rule, func(ref ast.Ref) bool {
		if !ref.HasPrefix(ast.DefaultRootRef) {
			return false
		}
		prefix := ref.GroundPrefix()
		for _, data := range dataRefs() {
			o.data = o.data || prefix.HasPrefix(data) || data.HasPrefix(prefix)
		}
		if prefix.HasPrefix(effectiveRef()) {
			path := prefix[len(effectiveRef()):]
			o.settings[path.String()] = path
		}
		return false
	})
}
