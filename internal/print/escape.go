package print

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// EscapeJSON returns the same JSON document for a parser, with hidden characters
// and the marks of build-log commands as \u escapes.
func EscapeJSON(document []byte) []byte {
	return escapeDocument(document, func(r rune) string {
		if r <= 0xffff {
			return fmt.Sprintf(`\u%04x`, r)
		}
		high, low := utf16.EncodeRune(r)
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	})
}

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
		if r != '\n' && r != utf8.RuneError && Hidden(r) {
			out.WriteString(escape(r))
		} else {
			out.WriteRune(r)
		}
	}
	return CommandMark.ReplaceAll([]byte(out.String()), []byte(`#\u0023$1`))
}

// harmless reports whether nothing in document must be escaped: it has only
// printable ASCII and line feeds, and no two number signs in a row. Most documents
// are like that.
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

// markdownEscapes remove the special meaning of characters in GitHub's Markdown,
// inside and outside of a table. The zero width space after @ and # prevents
// notifications and links to issues; unlike a plain entity, it is still there after
// the text was rendered.
var markdownEscapes = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "|", "&#124;", "$", "&#36;",
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "~", `\~`, "[", `\[`, "]", `\]`, "!", `\!`,
	"@", "@&#8203;", "#", "#&#8203;", "://", "&#58;//",
)

// autolink is a web address without a scheme, which Markdown links as well.
var autolink = regexp.MustCompile(`(?i)(www)\.`)

// Markdown makes text from outside plain text in a Markdown heading or table
// cell, of at most 500 characters. It must not begin a line.
func Markdown(s string) string { return escapeMarkdown(Cut(Clean(s), 500)) }

// MarkdownText does the same for a paragraph of at most 2,000 characters.
func MarkdownText(s string) string { return escapeMarkdown(Cut(Clean(s), longest)) }

func escapeMarkdown(s string) string {
	return autolink.ReplaceAllString(markdownEscapes.Replace(s), "$1&#46;")
}

var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// GitHubData makes lines of cleaned text the message of a GitHub
// workflow command.
func GitHubData(s string) string { return githubData.Replace(s) }

// GitHubProperty makes a cleaned line the value of a property of a
// GitHub workflow command.
func GitHubProperty(s string) string { return githubProperty.Replace(s) }

var sarifMessage = strings.NewReplacer("{", "{{", "}", "}}", "](", "] (")

// SARIF makes lines of cleaned text a SARIF message, in which {0} is a
// placeholder and [text](link) a link.
func SARIF(s string) string { return sarifMessage.Replace(s) }
