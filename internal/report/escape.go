package report

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/prodgate/prodgate/internal/print"
)

const cutMark = "... (cut)"

// cut shortens s to max characters and says so.
func cut(s string, max int) string {
	n := 0
	for at := range s {
		if n == max {
			return s[:at] + cutMark
		}
		n++
	}
	return s
}

// escapeJSON keeps JSON the same document for a parser, but writes hidden
// characters and the marks of build-log commands as \u escapes.
func escapeJSON(document []byte) []byte {
	return escapeDocument(document, func(r rune) string {
		if r <= 0xffff {
			return fmt.Sprintf(`\u%04x`, r)
		}
		high, low := utf16.EncodeRune(r)
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	})
}

// EscapeJSON does that to JSON that somebody else wrote.
func EscapeJSON(document []byte) []byte { return escapeJSON(document) }

// escapeYAML does the same for YAML in which every string with a hidden
// character is double quoted.
func escapeYAML(document []byte) []byte {
	return escapeDocument(document, func(r rune) string {
		if r <= 0xffff {
			return fmt.Sprintf(`\u%04x`, r)
		}
		return fmt.Sprintf(`\U%08x`, r)
	})
}

func escapeDocument(document []byte, escape func(rune) string) []byte {
	if harmless(document) {
		return document
	}
	var out strings.Builder
	for _, r := range string(document) {
		if r != '\n' && r != utf8.RuneError && print.Hidden(r) {
			out.WriteString(escape(r))
		} else {
			out.WriteRune(r)
		}
	}
	return print.CommandMark.ReplaceAll([]byte(out.String()), []byte(`#\u0023$1`))
}

// harmless says that nothing in document is to be escaped: it is printable ASCII
// and lines, in which no two number signs follow each other. Most documents are.
func harmless(document []byte) bool {
	before := byte(0)
	for _, c := range document {
		if (c < 0x20 && c != '\n') || c >= 0x7f || (c == '#' && before == '#') {
			return false
		}
		before = c
	}
	return true
}

// markdownEscapes take each character's meaning away in GitHub's Markdown,
// inside and outside of a table. The zero width space after @ and # keeps a
// name from being notified and a number from being linked; it is what stays
// after the text was rendered, where a plain entity would not.
var markdownEscapes = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "|", "&#124;", "$", "&#36;",
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "~", `\~`, "[", `\[`, "]", `\]`, "!", `\!`,
	"@", "@&#8203;", "#", "#&#8203;", "://", "&#58;//",
)

// autolink is a web address without a scheme, which Markdown links as well.
var autolink = regexp.MustCompile(`(?i)(www)\.`)

// escapeMarkdown makes one cleaned line plain text in a Markdown paragraph,
// heading or table cell. It must not begin a line.
func escapeMarkdown(s string) string {
	return autolink.ReplaceAllString(markdownEscapes.Replace(s), "$1&#46;")
}

var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// escapeGitHubData makes lines of cleaned text the message of a GitHub
// workflow command.
func escapeGitHubData(s string) string { return githubData.Replace(s) }

// escapeGitHubProperty makes a cleaned line the value of a property of a
// GitHub workflow command.
func escapeGitHubProperty(s string) string { return githubProperty.Replace(s) }

var sarifMessage = strings.NewReplacer("{", "{{", "}", "}}", "](", "] (")

// escapeSARIF makes lines of cleaned text a SARIF message, in which {0} is a
// placeholder and [text](link) a link.
func escapeSARIF(s string) string { return sarifMessage.Replace(s) }
