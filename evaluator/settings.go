package evaluator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/spelling"
)

// names are the environments and services that settings list. Both are closed:
// a name that is not listed gets no decision.
type names struct {
	environments []string
	services     []string
}

func listedNames(rules *ruleSet) names {
	list := func(key string) []string {
		all := map[string]bool{}
		for _, layer := range []map[string]any{rules.settings, rules.own} {
			table, _ := layer[key].(map[string]any)
			for name := range table {
				all[name] = true
			}
		}
		return slices.Sorted(maps.Keys(all))
	}
	return names{environments: list("environments"), services: list("services")}
}

func (n names) check(request facts.Request) error {
	if err := listed("environment", request.Environment, n.environments); err != nil {
		return err
	}
	return listed("service", request.Service, n.services)
}

func listed(what, name string, all []string) error {
	if slices.Contains(all, name) {
		return nil
	}
	return fmt.Errorf("/request/%s: %q is not listed in the settings (listed: %s)%s; add it to your policy pack under %s.%ss",
		what, name, strings.Join(all, ", "), didYouMean(name, all), organisationPath, what)
}

// didYouMean suggests the nearest of the known words, if one is near.
func didYouMean(word string, known []string) string {
	if hint := spelling.Hint(word, known); hint != "" {
		return "; " + hint
	}
	return ""
}

// inForce are the settings for one environment and service.
type inForce struct {
	settings *settings

	// settled is what the rules found out that follows from both alone. The first
	// decisions extend it.
	settled atomic.Pointer[resultNode]
	lessons atomic.Int32
}

// mostLessons is how many decisions add to what is settled: an allow asks for
// other rules than a denial does.
const mostLessons = 8

// learn keeps what a decision found out that holds for the next one too.
func (f *inForce) learn(found *recording) {
	if f.lessons.Load() >= mostLessons || f.lessons.Add(1) > mostLessons {
		return
	}
	root := &resultNode{}
	if known := f.settled.Load(); known != nil {
		root.learn(known.results(ast.Ref{}, found.known.settled))
	}
	root.learn(found.root().results(ast.Ref{}, found.known.settled))
	f.settled.Store(root)
}

// settingsQuery evaluates lib/settings.rego, the only place that resolves settings.
const settingsQuery = "effective = data.prodgate.v1.lib.settings.effective"

// settingsFor resolves the settings for a request's environment and service,
// once for each pair.
func (e *Evaluator) settingsFor(ctx context.Context, request facts.Request) (*inForce, error) {
	key := request.Environment + " " + request.Service
	if found, ok := e.warm.Load(key); ok {
		return found.(*inForce), nil
	}
	query, err := e.compileQuery(settingsQuery)
	if err != nil {
		return nil, err
	}
	input := ast.ObjectTerm(ast.Item(ast.StringTerm("request"), ast.ObjectTerm(
		ast.Item(ast.StringTerm("environment"), ast.StringTerm(request.Environment)),
		ast.Item(ast.StringTerm("service"), ast.StringTerm(request.Service)),
	)))
	cache := newRecording(e.known, nil, false)
	value, err := e.query1(ctx, query, input, cache)
	if err != nil {
		return nil, fmt.Errorf("resolve settings for %s in %s: %w", request.Service, request.Environment, err)
	}
	tree, err := ast.JSON(value)
	if err != nil {
		return nil, fmt.Errorf("resolve settings: %w", err)
	}
	table, ok := tree.(map[string]any)
	if !ok {
		return nil, errors.New("resolve settings: they are not a table")
	}
	found := &inForce{settings: newSettings(table)}
	found.learn(cache)
	actual, _ := e.warm.LoadOrStore(key, found)
	return actual.(*inForce), nil
}

// Settings are the settings in force for an environment and a service, as
// JSON, sorted by key.
func (e *Evaluator) Settings(ctx context.Context, environment, service string) (json.RawMessage, error) {
	request := facts.Request{Environment: environment, Service: service}
	if err := e.names.check(request); err != nil {
		return nil, err
	}
	found, err := e.settingsFor(ctx, request)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(found.settings.tree, "", "  ")
}

// ServicesOf returns the services to which settings give an image repository, for
// any environment, sorted.
func (e *Evaluator) ServicesOf(repository string) []string {
	var found []string
	for _, service := range e.names.services {
		if slices.Contains(e.repositoriesOf(service), repository) {
			found = append(found, service)
		}
	}
	return found
}

// repositoriesOf are the repositories that settings give a service.
func (e *Evaluator) repositoriesOf(service string) []string {
	var list []string
	for _, layer := range []map[string]any{e.rules.settings, e.rules.own} {
		services, _ := layer["services"].(map[string]any)
		table, _ := services[service].(map[string]any)
		tables := []any{table}
		environments, _ := table["environments"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(environments)) {
			tables = append(tables, environments[name])
		}
		for _, t := range tables {
			settings, _ := t.(map[string]any)
			repositories, _ := settings["repositories"].([]any)
			for _, r := range repositories {
				if text, ok := r.(string); ok {
					list = append(list, text)
				}
			}
		}
	}
	return list
}
