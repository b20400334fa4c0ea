package house

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/evaluator"
)

var update = flag.Bool("update", false, "write docs/checks.md and the map in CONTRIBUTING.md")

const catalogueFile = "docs/checks.md"

const catalogueIntroduction = `# The checks

<!-- Written by "make docs" from the METADATA of the policies. Change it there. -->

This page lists every check of the shipped policies and every code that a decision
can contain. "prodgate policy explain CODE" prints the same information in the
terminal. Codes never change; titles and texts can change.

A finding with the effect **deny** closes the gate; **warn** does not. The cure is
what clears the finding: **fix** (the artifact, its configuration or a source must
change), **ask** (a person must act) or **wait** (it clears by itself).
`

// shared describes the code families that several checks report. They are not checks,
// so no package describes them.
var shared = map[string]string{
	"calendar": "Calendar. Reported by every check that reads the calendar, if the calendar does not cover what the check needs.",
	"gate":     "The gate itself. Reported for a check that fails without a reason.",
	"source":   "Sources. Reported by every check that needs a section of the document that was not read.",
	"waiver":   "Waivers. Reported for a waiver that has no effect.",
}

// The catalogue is generated from the annotations.
func TestCatalogueOfChecksIsCurrent(t *testing.T) {
	gate, err := evaluator.New(context.Background(), evaluator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	checks, err := gate.Checks()
	if err != nil {
		t.Fatal(err)
	}
	want := catalogue(t, checks)
	if *update {
		if err := os.WriteFile(filepath.Join(root, catalogueFile), []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if read(t, catalogueFile) != want {
		t.Errorf("%s is stale: run make docs", catalogueFile)
	}
}

func catalogue(t *testing.T, checks []evaluator.Check) string {
	var page strings.Builder
	page.WriteString(catalogueIntroduction)
	for _, check := range checks {
		fmt.Fprintf(&page, "\n## %s\n\n", check.Name)
		if check.Title == "" && shared[check.Name] == "" {
			t.Errorf("%s has no title; give its package METADATA", check.Name)
		}
		if check.Title == "" {
			fmt.Fprintf(&page, "%s\n", shared[check.Name])
		} else {
			fmt.Fprintf(&page, "%s. %s\n", check.Title, cell(check.Description))
		}
		if len(check.Codes) == 0 {
			continue
		}
		page.WriteString("\n| code | effect, cure | what it means | what to do | who can help |\n| --- | --- | --- | --- | --- |\n")
		for _, code := range check.Codes {
			effect := fmt.Sprintf("%s, %s", code.Effect, code.Cure)
			if code.Waivable {
				effect += ", can be waived"
			}
			fmt.Fprintf(&page, "| `%s` | %s | **%s.** %s | %s | %s |\n",
				code.Code, effect, cell(code.Title), cell(code.Description), cell(code.Remedy), cell(strings.Join(code.Who, ", ")))
		}
	}
	return page.String()
}

// cell is text for one cell of a Markdown table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
