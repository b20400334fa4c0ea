package report

import (
	"github.com/prodgate/prodgate/collectors/internal/vulnerabilities"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/internal/strict"
)

// Kind is the reports of other scanners. In documents they are of the kind file.
var Kind = source.Kind{
	Name:     "reports",
	Summary:  "reports of other scanners: Trivy, Grype, SARIF, or attestations of cosign",
	Sections: []string{vulnerabilities.Section},
	Settings: func() any { return &Settings{} },
	Key:      "reports",
	Examples: []source.Example{
		{Section: vulnerabilities.Section, Setting: "reports", List: true, Filename: "trivy.json", Content: Skeleton},
		{Section: vulnerabilities.Section, Setting: "database", Filename: "trivy-database.json", Content: SkeletonDatabase},
	},
	Open: func(env source.Env, settings any) source.Collector {
		s := settings.(*Settings)
		return Collector{
			Reports:   env.Files("reports", s.Reports, strict.MaxReport),
			Database:  env.File("database", s.Database),
			Documents: vulnerabilities.DocumentsOf(env, s.VEX, s.Ignore),
		}
	},
}

// Settings of other scanners' reports.
type Settings struct {
	Reports  []string `json:"reports"`            // one for each platform that was scanned
	Database string   `json:"database,omitempty"` // metadata.json of the advisory database that they used
	VEX      []string `json:"vex,omitempty"`      // OpenVEX and CycloneDX documents
	Ignore   []string `json:"ignore,omitempty"`   // .trivyignore and .trivyignore.yaml files
}
