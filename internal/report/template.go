package report

import (
	"errors"
	"text/template"
)

func compileTemplate(file string) (*template.Template, error) { return nil, errors.New("not yet") }

func (o Output) execute(p *page) ([]byte, error) { return nil, errors.New("not yet") }
