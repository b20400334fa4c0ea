package collectors_test

import (
	"context"
	"fmt"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/facts"
)

// flags is a source of an embedder's own: policies see it as input.custom.flags.
type flags struct{}

func (flags) Name() string { return "custom.flags" }
func (flags) Kind() string { return "file" }

func (flags) Collect(context.Context, facts.Request) (facts.Section, error) {
	return facts.Custom{Name: "flags", Value: map[string]any{"new_checkout": false}}, nil
}

func ExampleGather() {
	cfg := collectors.Config{
		Dir:     "/etc/prodgate",
		Timeout: 5 * time.Second,
		Sources: map[string][]collectors.Use{"staging": collectors.File("evidence/staging.yaml")},
	}
	req := facts.Request{Service: "payments-api", Environment: "production", Reference: "oci:image"}
	doc := collectors.Gather(context.Background(), time.Now, req, append(collectors.All(cfg), flags{}))

	fmt.Println(doc.Sources["custom.flags"].Status, doc.Custom["flags"])
	fmt.Println(doc.Sources["staging"].Status, *doc.Sources["staging"].Error)
	fmt.Println(doc.Sources["waivers"].Status, *doc.Sources["waivers"].Error)
	// Output:
	// ok map[new_checkout:false]
	// error read "evidence/staging.yaml": there is no such file; write it, or correct sources.staging.file in prodgate.yaml
	// unconfigured nobody said where to look: set sources.waivers.file in prodgate.yaml
}
