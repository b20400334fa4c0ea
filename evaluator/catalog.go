package evaluator

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Check is one check, as its annotations describe it.
type Check struct {
	Name        string `json:"name"` // the folder and the word in "required"
	Title       string `json:"title"`
	Description string `json:"description"`
	Codes       []Code `json:"codes"`
}

// Code is one reason that a check can give. It is defined in the rule's METADATA
// and nowhere else.
type Code struct {
	Code        string   `json:"code"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Effect      Effect   `json:"effect"` // deny or warn
	Cure        Cure     `json:"cure"`
	Remedy      string   `json:"remedy"`
	Who         []string `json:"who"`
	Waivable    bool     `json:"waivable"`
	Docs        string   `json:"docs"` // how to read more
	File        string   `json:"file"` // of the rule
	Line        int      `json:"line"`
}

// catalog reads annotations on demand, file by file: a decision that
// allows needs none.
type catalog struct {
	rules *ruleSet
	mutex sync.Mutex
	read  map[string][]*ast.AnnotationsRef // file → its annotations
	codes map[string]Code
}

// code finds a code's annotations.
func (c *catalog) code(name string) (Code, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if code, ok := c.codes[name]; ok {
		return code, nil
	}
	for _, file := range slices.Concat(c.rules.shipped, c.rules.packs) {
		if !strings.Contains(file.text, "code: "+name) {
			continue
		}
		if err := c.readFile(file); err != nil {
			return Code{}, err
		}
	}
	code, ok := c.codes[name]
	if !ok {
		return Code{}, fmt.Errorf("no rule is annotated with the code %q; add METADATA with custom.code to it", name)
	}
	return code, nil
}

func (c *catalog) readFile(file ruleFile) error {
	if _, done := c.read[file.name]; done {
		return nil
	}
	module, err := ast.ParseModuleWithOpts(file.name, file.text, ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1})
	if err != nil {
		return fmt.Errorf("read annotations: %w", err)
	}
	set, errs := ast.BuildAnnotationSet([]*ast.Module{module})
	if len(errs) > 0 {
		return fmt.Errorf("read annotations of %s: %w", file.name, errs)
	}
	if c.read == nil {
		c.read, c.codes = map[string][]*ast.AnnotationsRef{}, map[string]Code{}
	}
	c.read[file.name] = set.Flatten()
	for _, ref := range c.read[file.name] {
		code, ok, err := codeOf(ref)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", file.name, ref.Location.Row, err)
		}
		if !ok {
			continue
		}
		if twin, ok := c.codes[code.Code]; ok {
			return fmt.Errorf("%s:%d: the code %q is also at %s:%d; a code has exactly one rule", code.File, code.Line, code.Code, twin.File, twin.Line)
		}
		c.codes[code.Code] = code
	}
	return nil
}

// codeOf reads one annotation block; ok is false for one without a code.
func codeOf(ref *ast.AnnotationsRef) (code Code, ok bool, err error) {
	a := ref.Annotations
	if a == nil || a.Custom["code"] == nil {
		return Code{}, false, nil
	}
	code = Code{
		Title:       a.Title,
		Description: strings.TrimSpace(a.Description),
		Effect:      EffectDeny,
		Who:         []string{},
		File:        ref.Location.File,
		Line:        ref.Location.Row,
	}
	for key, value := range a.Custom {
		if err := code.set(key, value); err != nil {
			return code, true, err
		}
	}
	code.Docs = "prodgate policy explain " + code.Code
	return code, true, code.complete()
}

func (c *Code) set(key string, value any) (err error) {
	switch key {
	case "code":
		c.Code, err = annotationText(key, value)
	case "remedy":
		c.Remedy, err = annotationText(key, value)
	case "effect":
		var effect string
		effect, err = annotationText(key, value)
		c.Effect = Effect(effect)
	case "cure":
		var cure string
		cure, err = annotationText(key, value)
		c.Cure = Cure(cure)
	case "who":
		list, ok := value.([]any)
		if !ok {
			return fmt.Errorf("custom.who is not a list")
		}
		for _, entry := range list {
			who, err := annotationText(key, entry)
			if err != nil {
				return err
			}
			c.Who = append(c.Who, who)
		}
	case "waivable":
		waivable, ok := value.(bool)
		if !ok {
			return fmt.Errorf("custom.waivable must be true or false")
		}
		c.Waivable = waivable
	default:
		return fmt.Errorf("custom.%s means nothing; known are code, effect, cure, remedy, who, waivable", key)
	}
	return err
}

func annotationText(key string, value any) (string, error) {
	s, ok := value.(string)
	if !ok || s == "" {
		return "", fmt.Errorf("custom.%s must be text", key)
	}
	return s, nil
}

// complete returns what an annotation with a code lacks.
func (c *Code) complete() error {
	switch {
	case c.Title == "", c.Description == "":
		return fmt.Errorf("%s has no title or no description", c.Code)
	case c.Remedy == "", len(c.Who) == 0:
		return fmt.Errorf("%s has no custom.remedy or no custom.who", c.Code)
	case c.Effect != EffectDeny && c.Effect != EffectWarn:
		return fmt.Errorf("%s: custom.effect is %q; it is deny or warn", c.Code, c.Effect)
	case !slices.Contains([]Cure{CureFix, CureAsk, CureWait}, c.Cure):
		return fmt.Errorf("%s: custom.cure is %q; it is fix, ask or wait", c.Code, c.Cure)
	}
	return nil
}

// Checks lists every check and every code, sorted by name. Codes that several
// checks share (sources, calendar, waivers) stand under their own family.
func (e *Evaluator) Checks() ([]Check, error) {
	c := &e.catalog
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, file := range slices.Concat(c.rules.shipped, c.rules.packs) {
		if err := c.readFile(file); err != nil {
			return nil, err
		}
	}
	families := map[string]*Check{}
	family := func(name string) *Check {
		if families[name] == nil {
			families[name] = &Check{Name: name, Codes: []Code{}}
		}
		return families[name]
	}
	for _, refs := range c.read {
		for _, ref := range refs {
			if name, ok := checkOf(ref); ok {
				check := family(name)
				check.Title, check.Description = ref.Annotations.Title, strings.TrimSpace(ref.Annotations.Description)
			}
		}
	}
	for _, code := range c.codes {
		name, _, _ := strings.Cut(code.Code, ".")
		family(name).Codes = append(family(name).Codes, code)
	}
	list := make([]Check, 0, len(families))
	for _, check := range families {
		slices.SortFunc(check.Codes, func(a, b Code) int { return cmp.Compare(a.Code, b.Code) })
		list = append(list, *check)
	}
	slices.SortFunc(list, func(a, b Check) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// checkOf is the name of the check whose package an annotation describes.
func checkOf(ref *ast.AnnotationsRef) (string, bool) {
	if ref.Annotations == nil || ref.Annotations.Scope != "package" {
		return "", false
	}
	return strings.CutPrefix(ref.Path.String(), checksPath)
}
