package main

import (
	"fmt"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/trail"
)

// print shows what was recorded, what it blocks and how it is lifted.
func (o *objection) print(at located, asJSON bool) error {
	std := at.std
	if asJSON {
		return writeJSON(std.out, o)
	}
	s := newSheet(std)
	s.Line(print.Line(fmt.Sprintf("%s %s as entry %d", o.word(), o.Image, o.Receipt.Seq)))
	for _, row := range [][2]string{
		{"by", o.By},
		{"reason", o.Reason},
		{"service", o.Service},
		{"environment", orAll(o.Environment)},
		{"kind", orAll(o.Kind)},
		{"request", textOf(o.Request)},
		{"platforms", o.listed()},
		{"id", o.Receipt.ID},
		{"leaf", o.Receipt.LeafHash},
		{"writer", at.writerLine(o.event.Writer)},
	} {
		if row[1] != "" {
			s.Hang(fmt.Sprintf("  %-11s  ", row[0]), print.Line(row[1]))
		}
	}
	s.Blank()
	s.Hang("blocks  ", print.Line(o.blocks()))
	s.Hang("lifted  ", print.Line(o.lifted()))
	return writeSheet(std, s)
}

// word is what was done to the image.
func (o *objection) word() string {
	if o.Type == trail.TypeApprovalWithdrawn {
		return "withdrew the approval of"
	}
	return "rejected"
}

func orAll(text *string) string {
	if text == nil {
		return "all"
	}
	return *text
}

func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// listed is the number of images below an index.
func (o *objection) listed() string {
	if len(o.Platforms) == 0 {
		return ""
	}
	return print.Count(len(o.Platforms), "digest") + " that this index lists"
}

// blocks says which requests the gate denies now.
func (o *objection) blocks() string {
	if o.Request != nil {
		return "the request " + *o.Request + ", from the next decision on"
	}
	what := "every deployment of this image"
	switch {
	case o.Kind == nil:
	case *o.Kind == string(facts.KindRollback):
		what = "every rollback to this image that was requested before"
	default:
		what = "every request of the kind " + *o.Kind + " for this image"
	}
	where := " to all environments"
	if o.Environment != nil {
		where = " to " + *o.Environment
	}
	return what + where + ", from the next decision on"
}

// lifted says what ends that.
func (o *objection) lifted() string {
	if o.Request != nil {
		return "never: make a new request"
	}
	return fmt.Sprintf("by a later approval of %s, or by a later approval that names %s and is given by a role in the setting approval.rejection_lifted_by; "+
		"by any later approval if the directory shows that %s cannot approve", o.By, o.Receipt.ID, o.By)
}
