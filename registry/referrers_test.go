package registry

import "testing"

func TestAListWithoutManifestsIsNotAListOfReferrers(t *testing.T) {
	for _, raw := range []string{"", "null", "{}", "[]", `{"manifests":null}`, `{"manifests":{}}`} {
		if list, err := parseReferrers([]byte(raw)); err == nil {
			t.Errorf("%q passes for a list: %v", raw, list)
		}
	}
	if list, err := parseReferrers([]byte(`{"manifests":[]}`)); err != nil || len(list) != 0 {
		t.Errorf("an empty list gives %v, %v", list, err)
	}
}

func FuzzReferrers(f *testing.F) {
	f.Add([]byte(`{"manifests":[{"digest":"sha256:0","artifactType":"x"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if list, err := parseReferrers(raw); err == nil && list == nil {
			t.Error("neither a list nor an error")
		}
	})
}
