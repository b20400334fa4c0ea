package collectors

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/prodgate/prodgate/facts"
)

// expander holds what each placeholder becomes.
type expander map[string]string

// value is a deep copy of v with the placeholders of all texts in it replaced.
func (e expander) value(v reflect.Value) (reflect.Value, error) {
	switch v.Kind() {
	case reflect.String:
		text, err := e.text(v.String())
		return reflect.ValueOf(text).Convert(v.Type()), err
	case reflect.Pointer:
		if v.IsNil() {
			return v, nil
		}
		inner, err := e.value(v.Elem())
		if err != nil {
			return v, err
		}
		copied := reflect.New(v.Type().Elem())
		copied.Elem().Set(inner)
		return copied, nil
	case reflect.Slice:
		if v.IsNil() {
			return v, nil // an empty list can mean something else
		}
		copied := reflect.MakeSlice(v.Type(), 0, v.Len())
		for i := range v.Len() {
			item, err := e.value(v.Index(i))
			if err != nil {
				return v, err
			}
			copied = reflect.Append(copied, item)
		}
		return copied, nil
	case reflect.Map:
		copied := reflect.MakeMapWithSize(v.Type(), v.Len())
		for _, key := range v.MapKeys() {
			item, err := e.value(v.MapIndex(key))
			if err != nil {
				return v, err
			}
			copied.SetMapIndex(key, item)
		}
		return copied, nil
	case reflect.Struct:
		copied := reflect.New(v.Type()).Elem()
		copied.Set(v)
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue
			}
			field, err := e.value(v.Field(i))
			if err != nil {
				return v, err
			}
			copied.Field(i).Set(field)
		}
		return copied, nil
	}
	return v, nil
}

// text replaces the placeholders of a text. A name that is not spelled as an
// identifier could lead out of the folder that a path is in, and is an error.
func (e expander) text(text string) (string, error) {
	for placeholder, name := range e {
		if !strings.Contains(text, placeholder) {
			continue
		}
		if name == "" {
			return "", fmt.Errorf("%s in %q is not known: name it with --%s", placeholder, text, strings.Trim(placeholder, "{}"))
		}
		if wanted, ok := facts.Accepts("identifier", name); !ok {
			return "", fmt.Errorf("%s in %q is %q; it must be %s", placeholder, text, name, wanted)
		}
		text = strings.ReplaceAll(text, placeholder, name)
	}
	return text, nil
}

// broken is a section whose configuration cannot be used.
type broken struct {
	section string
	err     error
}

// Name is the section's key.
func (b broken) Name() string { return b.section }

// Collect returns the error.
func (b broken) Collect(context.Context, facts.Request) (facts.Section, error) { return nil, b.err }
