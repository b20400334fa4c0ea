package evaluator

import (
	"context"
	"slices"
	"testing"
)

func TestServicesOfARepository(t *testing.T) {
	own := ownPack(`{"environments": {"canary": {}}, "services": {
		"a": {"repositories": ["r/one", "r/both"]},
		"b": {"repositories": ["r/both"], "environments": {"canary": {"repositories": ["r/canary"]}}},
		"c": {}}}`)
	e, err := New(context.Background(), Options{Packs: []string{own.folder(t)}})
	if err != nil {
		t.Fatal(err)
	}
	for repository, want := range map[string][]string{"r/one": {"a"}, "r/both": {"a", "b"}, "r/canary": {"b"}, "r": nil, "": nil, "r/one/": nil} {
		if got := e.ServicesOf(repository); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", repository, got, want)
		}
	}
}
