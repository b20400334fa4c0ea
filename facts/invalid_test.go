package facts

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const invalidDocuments = "../fixtures/invalid"

// TestInvalidDocumentsSayWhatIsWrong pins what a user reads for each way in
// which a document can be none.
func TestInvalidDocumentsSayWhatIsWrong(t *testing.T) {
	folders, err := os.ReadDir(invalidDocuments)
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) < 40 {
		t.Errorf("%s has %d documents, it had at least 40", invalidDocuments, len(folders))
	}
	for _, folder := range folders {
		t.Run(folder.Name(), func(t *testing.T) {
			decide(t, filepath.Join(invalidDocuments, folder.Name()))
		})
	}
}

// unlisted is how the error of a document begins that is a valid one and that
// the settings refuse; package evaluator tries those.
const unlisted = "no decision: "

func decide(t *testing.T, folder string) {
	if want, err := os.ReadFile(filepath.Join(folder, "error.txt")); err == nil && strings.HasPrefix(string(want), unlisted) {
		t.Skip("refused by the settings")
	}
	parsed, err := Parse("input.json", readInput(t, folder))
	var invalid *InvalidError
	if !errors.As(err, &invalid) || parsed != nil {
		t.Fatalf("got document %v and error %v, want only an *InvalidError", parsed, err)
	}
	golden := filepath.Join(folder, "error.txt")
	got := err.Error() + "\n"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// readInput reads input.json, or input.bin where the bytes are no text.
func readInput(t *testing.T, folder string) []byte {
	t.Helper()
	for _, name := range []string{"input.json", "input.bin"} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err == nil {
			return data
		}
		if !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	t.Fatalf("%s has neither input.json nor input.bin", folder)
	return nil
}
