package print

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

func TestTextHasNoEffect(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"plain text":                       {"a b\tc\nd\n", "a b\tc\nd\n"},
		"a workflow command":               {"::error::x", `:\:error::x`},
		"a command on a later line":        {"open x\n::error::y", "open x\n:\\:error::y"},
		"a command behind white space":     {"a\n \t\u00a0::stop-commands::y", "a\n \t\u00a0:\\:stop-commands::y"},
		"a command behind a return":        {"a\r::error::y", "a\ufffd::error::y"},
		"a command behind a separator":     {"a\u2028::error::y\u2029::x\u0085::z", "a\ufffd::error::y\ufffd::x\ufffd::z"},
		"colons inside a line":             {"a::b", "a::b"},
		"one colon":                        {": a :: b", ": a :: b"},
		"an old command":                   {"a ##[error]x", "a ## [error]x"},
		"a command of Azure Pipelines":     {"a ##vso[task.complete]", "a ##vso [task.complete]"},
		"a command of TeamCity":            {"##teamcity[x]", "##teamcity [x]"},
		"three marks":                      {"###[x]", "### [x]"},
		"marks that are no command":        {"# # [x] ## heading", "# # [x] ## heading"},
		"a terminal escape":                {"\x1b[2J\u009b2J\a", "\ufffd[2J\ufffd2J\ufffd"},
		"overrides and hidden characters":  {"a\u202eb\u200bc\u2066d", "a\ufffdb\ufffdc\ufffdd"},
		"invalid UTF-8 and raw C1 control": {"a\x9bb\xff", "a\ufffdb\ufffd"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Text(tt.in); got != tt.want {
				t.Errorf("Text(%q) = %q, want %q", tt.in, got, tt.want)
			}
			if again := Text(Text(tt.in)); again != Text(tt.in) && !strings.Contains(tt.in, "##") {
				t.Errorf("Text is not stable: %q", again)
			}
		})
	}
}

func TestACommandInPiecesIsOne(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, piece := range []string{"a\n", " ", ":", ":error", "::x\n", "#", "#", "vso", "[y]"} {
		if n, err := w.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatalf("Write(%q) = %d, %v", piece, n, err)
		}
	}
	if want := "a\n :\\:error::x\n##vso [y]"; b.String() != want {
		t.Errorf("wrote %q, want %q", b.String(), want)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestAFailedWriteIsReported(t *testing.T) {
	if n, err := NewWriter(full{}).Write([]byte("x")); n != 0 || err == nil {
		t.Errorf("Write = %d, %v", n, err)
	}
}

var command = regexp.MustCompile(`##[A-Za-z]*\[`)

func FuzzText(f *testing.F) {
	f.Add("a\n::error::b\r##[c]\x1b[0m")
	f.Add(" \u2028::x\n:\n::")
	f.Fuzz(func(t *testing.T, s string) {
		for _, printed := range []string{Text(s), Line(s)} {
			for _, r := range printed {
				if r != '\n' && r != '\t' && r != unicode.ReplacementChar && Hidden(r) {
					t.Fatalf("%q holds %U", printed, r)
				}
			}
			for line := range strings.SplitSeq(printed, "\n") {
				if strings.HasPrefix(strings.TrimSpace(line), "::") || command.MatchString(line) {
					t.Fatalf("%q holds a command", printed)
				}
			}
		}
	})
}
