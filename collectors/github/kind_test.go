package github

import "testing"

func TestThePagesOfAnAPI(t *testing.T) {
	for url, want := range map[string]string{
		"": "https://github.com", "https://api.github.com/": "https://github.com", "https://api.acme.ghe.com": "https://acme.ghe.com",
		"https://github.example.com/api/v3": "https://github.example.com", "https://api.example.com/api/v3": "https://api.example.com",
	} {
		if got := (Settings{URL: url}).page(); got != want {
			t.Errorf("%q: %s, want %s", url, got, want)
		}
	}
}
