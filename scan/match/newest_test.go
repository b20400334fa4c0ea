package match

import "testing"

func TestTheNewestIsByTheEcosystemsOrder(t *testing.T) {
	for _, tt := range []struct {
		name, ecosystem string
		versions        []string
		want            string
	}{
		{"Alpine", "alpine", []string{"3.5.1-r0", "3.5.10-r0", "3.5.2-r0"}, "3.5.10-r0"},
		{"Debian, where ~ comes first", "debian", []string{"3.0.15-1~deb12u1", "3.0.15-1"}, "3.0.15-1"},
		{"Red Hat, with an epoch", "redhat", []string{"1.0.2k-19.el7", "1:1.0.2k-16.el7"}, "1:1.0.2k-16.el7"},
		{"npm", "npm", []string{"4.17.9", "4.17.21"}, "4.17.21"},
		{"Python", "pip", []string{"2.0", "2.0rc1"}, "2.0"},
		{"one alone", "maven", []string{"1.0"}, "1.0"},
		{"one that nobody can read", "debian", []string{"1.0-1", "not a version"}, ""},
		{"several in one", "rubygems", []string{"6.0.3.1, 5.2.4.3", "6.0.3.2"}, ""},
		{"an ecosystem that nobody knows", "guix", []string{"1", "2"}, ""},
		{"none", "npm", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Newest(tt.ecosystem, tt.versions)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("got %q, %v; want %q", got, ok, tt.want)
			}
		})
	}
}
