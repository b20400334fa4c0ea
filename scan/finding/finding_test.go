package finding

import "testing"

func TestSeverityIsSpelledAsTrivyDBSpellsIt(t *testing.T) {
	for text, want := range map[string]string{
		"": "UNKNOWN", " ": "UNKNOWN", "unknown": "UNKNOWN", "low": "LOW", "High": "HIGH", "CRITICAL": "CRITICAL",
		"Negligible": "Negligible", "critical!": "critical!",
	} {
		if got := Severity(text); got != want {
			t.Errorf("Severity(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestBlankTextIsAbsent(t *testing.T) {
	if Optional("") != nil || Optional(" \t") != nil || Value(nil) != "" {
		t.Error("blank text is not absent")
	}
	if got := Value(Optional(" 1.2 ")); got != " 1.2 " {
		t.Errorf("%q, want the text unchanged", got)
	}
}
