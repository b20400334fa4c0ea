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

var update = flag.Bool("update", false, "write docs/checks.md")

const catalogueFile = "docs/checks.md"

const catalogueIntroduction = `# The checks

<!-- Written by "make docs" from the METADATA of the policies. Change it there. -->

Every check that the shipped policies hold, and every code that a decision can
give as a reason. "prodgate policy explain CODE" says the same at the terminal.
A code is for ever: titles and words may change, codes do not.

An effect of **deny** closes the gate, **warn** does not. The cure says what can
change the answer: **fix** (the artifact, its configuration or a source must
change), **ask** (a person must act), **wait** (time alone).
`

// shared says what the families are whose codes several checks give; they are
// no checks, so no package describes them.
var shared = map[string]string{
	"calendar": "Time. Given by every check that needs to know what the calendar does not cover.",
	"gate":     "The gate itself. Given for a check that fails and cannot say why.",
	"source":   "Sources. Given by every check that needs a section of the document which was not read.",
	"waiver":   "Waivers. Given for a waiver that waives nothing.",
}

// The catalogue is generated: it says what the annotations say.
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
