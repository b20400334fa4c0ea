package attestation

import (
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/internal/strict"
)

// Kind is the signed statements about the image.
var Kind = source.Kind{
	Name:     "attestation",
	Summary:  "signed statements about the image, attached to it in its registry or in files",
	Sections: sections(),
	Needs:    source.Always(source.Image),
	Settings: func() any { return new(Settings) },
	Key:      "attestations",
	Ready:    true,
	Open: func(env source.Env, settings any) source.Collector {
		var files []strict.Path
		if s, ok := settings.(*Settings); ok && s != nil {
			files = env.Files("attestations", s.Attestations, strict.MaxReport)
		}
		return Collector{Section: env.Section, Files: files, Registry: env.Registry, Verifier: env.Verifier, Now: env.Now}
	},
}

// Settings of attestations.
type Settings struct {
	// Attestations are files with statements, in addition to those attached to the
	// image: bundles, envelopes or statements, several to a file.
	Attestations []string `json:"attestations,omitempty"`
}
