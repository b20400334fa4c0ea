package artifact

import "github.com/prodgate/prodgate/collectors/source"

// Kind is the place that the image's reference names.
var Kind = source.Kind{
	Name:     "registry",
	Summary:  "the image registry, OCI layout or archive in the image's reference",
	Sections: []string{"artifact"},
	Needs:    source.Always(source.Image),
	Ready:    true,
	Open:     func(env source.Env, _ any) source.Collector { return Collector{Options: env.Registry} },
}
