package entra

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/internal/strict"
)

// maxPeople is how many people a mapping file can have.
const maxPeople = 500

// mapped is an entry of the mapping file: a person's object in the directory, and the
// ids of the same person in other systems.
type mapped struct {
	Entra string   `json:"entra" schema:"nonempty"` // object id
	IDs   []string `json:"ids" schema:"person,min=1"`
	Line  int
}

// mutable are schemes of ids that can be given to another account.
var mutable = []string{"github-login", "gitlab-login"}

// readMapping reads the mapping file, and returns its entries and the SHA-256 of the
// file. An id that two entries have is an error that names file and line.
func readMapping(ctx context.Context, file strict.Path) ([]mapped, string, error) {
	var list []mapped
	evidence, err := file.Decode(ctx, &list, strict.Rules{})
	if err != nil {
		return nil, "", err
	}
	if len(list) > maxPeople {
		return nil, "", fmt.Errorf("%s: it has %d people, and %d is the limit", file.Name, len(list), maxPeople)
	}
	seen := map[string]int{} // line by id
	for i := range list {
		m := &list[i]
		m.Entra = strings.ToLower(m.Entra)
		if !guid.MatchString(m.Entra) {
			return nil, "", fmt.Errorf("%s:%d: entra: invalid object id %q: write it as in 7d1f0c55-0d7e-4f0e-9a43-0c2f5b1f8e11", file.Name, m.Line, m.Entra)
		}
		for _, id := range append([]string{"entra:" + m.Entra}, m.IDs...) {
			if line, twice := seen[id]; twice {
				return nil, "", fmt.Errorf("%s:%d: %s is in line %d already: an id belongs to one person, and a person has one entry", file.Name, m.Line, id, line)
			}
			seen[id] = m.Line
		}
		for _, id := range m.IDs {
			scheme, _, _ := strings.Cut(id, ":")
			switch {
			case scheme == "entra":
				return nil, "", fmt.Errorf("%s:%d: ids: write %s under entra", file.Name, m.Line, id)
			case slices.Contains(mutable, scheme):
				return nil, "", fmt.Errorf("%s:%d: ids: %s can become the name of another account: write the number of the account", file.Name, m.Line, id)
			}
		}
	}
	return list, evidence.SHA256, nil
}
