package evaluator

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAPacksDigestDoesNotDependOnItsPath(t *testing.T) {
	const check = `# METADATA
# title: Always
# description: Always good.
package prodgate.v1.checks.acme_always

default pass := false

needs := set()

pass if input.version == "v1"

needs := set()
`
	digest := func(file, text string) string {
		t.Helper()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := New(t.Context(), Options{Packs: []string{dir}})
		if err != nil {
			t.Fatal(err)
		}
		return e.Policy().Digest
	}
	here := digest("always.rego", check)
	if there := digest("renamed.rego", check); there != here {
		t.Errorf("digest %s in another folder, %s here", there, here)
	}
	if other := digest("always.rego", check+"\n_more := 1\n"); other == here {
		t.Errorf("another rule has the same digest %s", here)
	}
}
