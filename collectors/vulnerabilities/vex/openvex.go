package vex

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/file"
	"github.com/prodgate/prodgate/facts"
)

// openVEX holds what is read of an OpenVEX document.
type openVEX struct {
	Context    string             `json:"@context"`
	Author     string             `json:"author"`
	Timestamp  time.Time          `json:"timestamp"`
	Statements []openVEXStatement `json:"statements"`
}

type openVEXStatement struct {
	Vulnerability struct {
		ID      string   `json:"@id"`
		Name    string   `json:"name"`
		Aliases []string `json:"aliases"`
	} `json:"vulnerability"`
	Timestamp       time.Time        `json:"timestamp"`
	LastUpdated     time.Time        `json:"last_updated"`
	Products        []openVEXProduct `json:"products"`
	Status          string           `json:"status"`
	Notes           string           `json:"status_notes"`
	Justification   string           `json:"justification"`
	ImpactStatement string           `json:"impact_statement"`
	ActionStatement string           `json:"action_statement"`
	Line            int
}

type openVEXProduct struct {
	openVEXComponent
	Subcomponents []openVEXComponent `json:"subcomponents"`
}

type openVEXComponent struct {
	ID          string `json:"@id"`
	Identifiers struct {
		PURL string `json:"purl"`
	} `json:"identifiers"`
	Hashes map[string]string `json:"hashes"`
}

// name is what a document calls a component: a package URL, where it has one.
func (c openVEXComponent) name() string {
	if isPURL(c.Identifiers.PURL) && !isPURL(c.ID) {
		return c.Identifiers.PURL
	}
	return cmp.Or(c.ID, c.Identifiers.PURL)
}

// digest is the component's, where it is named by one.
func (c openVEXComponent) digest() *string {
	if d := digestOf(c.name()); d != nil {
		return d
	}
	return digest("sha256:" + strings.ToLower(c.Hashes["sha-256"]))
}

func readOpenVEX(t file.Text) ([]facts.Statement, error) {
	var doc openVEX
	if err := t.Decode(&doc, file.Rules{Foreign: true}); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(doc.Context, "https://openvex.dev/ns") {
		return nil, fmt.Errorf("%s: @context is %q, and OpenVEX (https://openvex.dev/ns/v0.2.0) is wanted", t.Name, doc.Context)
	}
	var all []facts.Statement
	for _, s := range doc.Statements {
		ids := distinct(append([]string{s.Vulnerability.ID, s.Vulnerability.Name}, s.Vulnerability.Aliases...)...)
		switch {
		case len(ids) == 0:
			return nil, fmt.Errorf("%s:%d: a statement names no vulnerability", t.Name, s.Line)
		case len(s.Products) == 0:
			return nil, fmt.Errorf("%s:%d: a statement about %s names no product, so nobody knows for what it speaks", t.Name, s.Line, ids[0])
		}
		made := s.Timestamp
		if made.IsZero() {
			made = doc.Timestamp
		}
		like := facts.Statement{
			Status: s.Status, Author: text("", doc.Author), Timestamp: latest(made, s.LastUpdated), Source: t.Name,
			Justification: text(": ", s.Justification, s.ImpactStatement, s.Notes, s.ActionStatement),
		}
		for _, product := range s.Products {
			about, err := product.statements(like)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", t.Name, s.Line, err)
			}
			for _, id := range ids {
				for _, one := range about {
					one.ID = id
					all = append(all, one)
				}
			}
			if len(all) > maxStatements {
				return all, nil
			}
		}
	}
	return all, nil
}

// statements are one for each package of a product, or one for it as a whole.
func (p openVEXProduct) statements(like facts.Statement) ([]facts.Statement, error) {
	like.Product, like.Digest = p.name(), p.digest()
	if like.Product == "" && like.Digest != nil {
		like.Product = *like.Digest
	}
	if like.Product == "" {
		return nil, errors.New("a product has no @id")
	}
	if len(p.Subcomponents) == 0 {
		return []facts.Statement{whole(like)}, nil
	}
	var all []facts.Statement
	for _, sub := range p.Subcomponents {
		one, purl := like, sub.name()
		if purl == "" {
			return nil, fmt.Errorf("a subcomponent of %s has no @id", like.Product)
		}
		one.PURL = &purl
		all = append(all, one)
	}
	return all, nil
}
