package evaluator

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const refusedFolder = "../fixtures/invalid"

// No document in fixtures/invalid gets a decision. Package facts pins the error
// of those that are no valid document; the others are refused by the settings,
// and their errors are pinned here.
func TestInvalidDocumentsGetNoDecision(t *testing.T) {
	e := shippedRules(t)
	folders, err := os.ReadDir(refusedFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		t.Run(folder.Name(), func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(refusedFolder, folder.Name(), "input.*"))
			if err != nil || len(files) != 1 {
				t.Fatalf("files %v, error %v", files, err)
			}
			document, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			decision, err := e.Replay(context.Background(), document)
			if !errors.Is(err, ErrNoDecision) || decision.Outcome == Allow || decision.Deploy != nil {
				t.Fatalf("outcome %q, error %v", decision.Outcome, err)
			}
			pinRefusal(t, filepath.Join(refusedFolder, folder.Name(), "error.txt"), err)
		})
	}
}

// pinRefusal compares the error of a document that the settings refuse.
func pinRefusal(t *testing.T, golden string, refusal error) {
	t.Helper()
	got := refusal.Error() + "\n"
	want, err := os.ReadFile(golden)
	if *update && (err != nil || strings.HasPrefix(string(want), ErrNoDecision.Error())) {
		want, err = []byte(got), os.WriteFile(golden, []byte(got), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(string(want), ErrNoDecision.Error()) && got != string(want) {
		t.Errorf("got %swant %s", got, want)
	}
}
