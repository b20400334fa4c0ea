// Package vulnerabilities holds what the systems that report the section
// "vulnerabilities" share: the section's name, and the VEX documents and ignore
// files that add statements and requests to it. It must not know where the scans
// come from.
package vulnerabilities

import (
	"context"

	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/ignore"
	"github.com/prodgate/prodgate/scan/vex"
)

// Section is the section's key.
const Section = "vulnerabilities"

// Documents are the files that comment on findings. They never remove one:
// policies decide which statement counts, and only a waiver waives.
type Documents struct {
	VEX    []strict.Path // OpenVEX and CycloneDX documents
	Ignore []strict.Path // .trivyignore and .trivyignore.yaml files
}

// DocumentsOf are the files that the settings vex and ignore of a system list.
func DocumentsOf(env source.Env, vex, ignore []string) Documents {
	return Documents{VEX: env.Files("vex", vex, strict.MaxReport), Ignore: env.Files("ignore", ignore, strict.MaxSize)}
}

// Complete returns the section with scans, and with the statements and requests
// about their findings. The files that were read are returned as evidence. An error
// means that a file could not be read.
func (d Documents) Complete(ctx context.Context, scans []facts.Scan) (*facts.Vulnerabilities, []strict.Text, error) {
	section := &facts.Vulnerabilities{Scans: scans}
	findings := findingsOf(scans)
	statements, texts, err := readAll(ctx, d.VEX, vex.Read)
	if err != nil {
		return nil, nil, err
	}
	if len(d.VEX) > 0 {
		section.Statements = []facts.Statement{}
		for _, s := range vex.About(statements, findings) {
			section.Statements = append(section.Statements, facts.Statement(s))
		}
	}
	requests, more, err := readAll(ctx, d.Ignore, ignore.Read)
	if err != nil {
		return nil, nil, err
	}
	if len(d.Ignore) > 0 {
		section.Requests = []facts.WaiverRequest{}
		for _, r := range ignore.About(requests, findings) {
			section.Requests = append(section.Requests, facts.WaiverRequest(r))
		}
	}
	return section, append(texts, more...), nil
}

// ReadVEX returns the statements of a VEX document, or of an attestation of one.
func ReadVEX(name string, content []byte) (statements []facts.Statement, err error) {
	read, err := vex.Read(name, content)
	for _, s := range read {
		statements = append(statements, facts.Statement(s))
	}
	return statements, err
}

// findingsOf returns the findings of all scans.
func findingsOf(scans []facts.Scan) []finding.Finding {
	var all []finding.Finding
	for _, scan := range scans {
		for _, v := range scan.Findings {
			all = append(all, finding.Finding(v))
		}
	}
	return all
}

// readAll reads all entries of the files, and returns the files' content too.
func readAll[T any](ctx context.Context, paths []strict.Path, read func(name string, content []byte) ([]T, error)) (all []T, texts []strict.Text, err error) {
	for _, path := range paths {
		t, err := path.Read(ctx)
		if err != nil {
			return nil, nil, err
		}
		entries, err := read(t.Name, t.Data)
		if err != nil {
			return nil, nil, err
		}
		all, texts = append(all, entries...), append(texts, t)
	}
	return all, texts, nil
}
