package files

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFits(t *testing.T) {
	dir := folder(t)
	for _, err := range []error{
		os.Symlink(filepath.Join("pack", "deep"), filepath.Join(dir, "payments-api")),
		os.Symlink("payments-api.yaml", filepath.Join(dir, "pointer")),
		os.Symlink("nowhere", filepath.Join(dir, "search")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		path, template string
		want           bool
	}{
		{"file", "file", true},
		{"file", "soft", true},
		{"payments-api.yaml", "{service}.yaml", true},
		{"pack/../payments.api.yaml", "{service}.yaml", true},
		{"pointer", "{service}.yaml", true},
		{"a-b.yaml", "{environment}-{service}.yaml", true},
		{"hard", "{service}", true},                        // also by its own name
		{"rule", "{environment}/{service}/x.rego", true},   // a hard link to pack/deep/x.rego
		{"linked/new.yaml", "pack/{service}.yaml", true},   // a link above
		{"pack/new.yaml", "linked/{service}.yaml", true},   // a link in the template
		{"pack/deep/new.yaml", "{service}/new.yaml", true}, // a link that the service names
		{"nowhere/new.yaml", "{service}/new.yaml", true},   // the target of a dangling link
		{"new/deeper/x.yaml", "{environment}/{service}/x.yaml", true},
		{"new/x.yaml", "./{service}/../{service}/x.yaml", true},

		{"payments-api.json", "{service}.yaml", false},
		{"payments-api-yaml", "{service}.yaml", false},
		{".yaml", "{service}.yaml", false},
		{"new/payments-api.yaml", "{service}.yaml", false},
		{"Payments.yaml", "{service}.yaml", false}, // names are lower case
		{"../x.yaml", "{service}/x.yaml", false},
		{"new/deep/x.yaml", "{service}/x.yaml", false},
		{"x.yaml", "{service}/x.yaml", false},
		{"new/x.yaml", "{team}/x.yaml", false}, // not a placeholder
		{"file/x.yaml", "loop/{service}.yaml", false},
	} {
		if Fits(dir+"/"+tt.path, dir+"/"+tt.template, []string{"{service}", "{environment}"}) != tt.want {
			t.Errorf("Fits(%s, %s) is not %t", tt.path, tt.template, tt.want)
		}
	}
}

func TestFitsInFoldersOfAnyName(t *testing.T) {
	for _, name := range []string{"[a]", "a*b?", "a+(b|c)"} {
		dir := filepath.Join(t.TempDir(), name)
		if !Fits(dir+"/search/a+b.yaml", dir+"/{service}/a+b.yaml", []string{"{service}"}) {
			t.Errorf("in %s: not found", name)
		}
		if Fits(dir+"/search/aab.yaml", dir+"/{service}/a+b.yaml", []string{"{service}"}) {
			t.Errorf("in %s: another file is found", name)
		}
	}
}
