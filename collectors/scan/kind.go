package scan

import (
	"path/filepath"

	"github.com/prodgate/prodgate/collectors/internal/vulnerabilities"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/scan"
)

// Kind is prodgate's own scan of the artifact.
var Kind = source.Kind{
	Name:     kind,
	Summary:  "prodgate's own scan of the image, with the advisory database of `prodgate db update`",
	Sections: []string{vulnerabilities.Section},
	Needs:    source.Always(source.Image),
	Settings: func() any { return &Settings{} },
	Key:      "scan",
	Ready:    true,
	Open: func(env source.Env, settings any) source.Collector {
		s := settings.(*Settings)
		return Collector{
			Options:   s.Scan.options(env),
			Verifier:  env.Verifier,
			SBOMs:     env.Files("scan.sboms", s.Scan.SBOMs, scan.MaxSBOM),
			Documents: vulnerabilities.DocumentsOf(env, s.VEX, s.Ignore),
		}
	},
}

// Settings of prodgate's own scan.
type Settings struct {
	Scan   Own      `json:"scan,omitempty"`   // {}: the image, with the database of "prodgate db update"
	VEX    []string `json:"vex,omitempty"`    // OpenVEX and CycloneDX documents
	Ignore []string `json:"ignore,omitempty"` // .trivyignore and .trivyignore.yaml files
}

// Own says what is scanned and with what.
type Own struct {
	Inventory scan.From `json:"inventory,omitempty"` // auto (the image, and what an attached SBOM adds), image, attached (needs a signature, see sources.signers); empty: auto
	SBOMs     []string  `json:"sboms,omitempty"`     // SBOMs to scan instead of the image, CycloneDX or SPDX
	Database  string    `json:"database,omitempty"`  // folder of trivy.db and metadata.json; empty: that of "prodgate db update"
	Platforms []string  `json:"platforms,omitempty"` // os/arch[/variant]; empty: all that the image has
}

func (o Own) options(env source.Env) scan.Options {
	database := env.AdvisoryDatabase
	if o.Database != "" {
		database = o.Database
		if !filepath.IsAbs(database) {
			database = filepath.Join(env.Dir, database)
		}
	}
	return scan.Options{Database: database, From: o.Inventory, Platforms: o.Platforms, Registry: env.Registry, Clock: env.Now, Redact: env.Redact}
}
