package vulnerabilities

import (
	"path/filepath"

	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/scan"
)

// Scan is prodgate's own scan of the artifact.
var Scan = source.Kind{
	Name:     KindScan,
	Summary:  "prodgate's own scan of the image, with the advisory database of \"prodgate db update\"",
	Sections: []string{"vulnerabilities"},
	Settings: func() any { return &ScanSettings{Scan: &OwnScan{}} },
	Key:      "scan",
	Ready:    true,
	Open: func(env source.Env, settings any) source.Collector {
		s := settings.(*ScanSettings)
		return Collector{Own: own(env, s.Scan), VEX: files(env, "vex", s.VEX, strict.MaxReport), Ignore: files(env, "ignore", s.Ignore, strict.MaxSize)}
	},
}

// Reports are what other scanners wrote. In documents they are of the kind file.
var Reports = source.Kind{
	Name:     "reports",
	Summary:  "reports of other scanners: Trivy, Grype, SARIF, or attested by cosign",
	Sections: []string{"vulnerabilities"},
	Settings: func() any { return &ReportSettings{} },
	Key:      "reports",
	Examples: []source.Example{
		{Section: "vulnerabilities", Setting: "reports", List: true, Filename: "trivy.json", Content: Skeleton},
		{Section: "vulnerabilities", Setting: "database", Filename: "trivy-database.json", Content: SkeletonDatabase},
	},
	Open: func(env source.Env, settings any) source.Collector {
		s := settings.(*ReportSettings)
		return Collector{
			Reports:  files(env, "reports", s.Reports, strict.MaxReport),
			Database: env.File("database", s.Database),
			VEX:      files(env, "vex", s.VEX, strict.MaxReport), Ignore: files(env, "ignore", s.Ignore, strict.MaxSize),
		}
	},
}

// ScanSettings of prodgate's own scan.
type ScanSettings struct {
	Scan   *OwnScan `yaml:"scan"`             // {}: the image, with the database of "prodgate db update"
	VEX    []string `yaml:"vex,omitempty"`    // OpenVEX and CycloneDX documents
	Ignore []string `yaml:"ignore,omitempty"` // .trivyignore and .trivyignore.yaml
}

// OwnScan says what is scanned and with what.
type OwnScan struct {
	Inventory scan.From `yaml:"inventory,omitempty"` // auto (the image, and what an attached SBOM adds), image, attached; empty: auto
	Bills     []string  `yaml:"sboms,omitempty"`     // SBOMs to scan instead of the image, CycloneDX or SPDX
	Database  string    `yaml:"database,omitempty"`  // folder of trivy.db and metadata.json; empty: that of "prodgate db update"
	Platforms []string  `yaml:"platforms,omitempty"` // os/arch[/variant]; empty: all that the image has
}

// ReportSettings of other scanners' reports.
type ReportSettings struct {
	Reports  []string `yaml:"reports"`            // one for each platform that was scanned
	Database string   `yaml:"database,omitempty"` // metadata.json of the advisory database they used
	VEX      []string `yaml:"vex,omitempty"`      // OpenVEX and CycloneDX documents
	Ignore   []string `yaml:"ignore,omitempty"`   // .trivyignore and .trivyignore.yaml
}

func own(env source.Env, s *OwnScan) *Own {
	if s == nil {
		s = &OwnScan{}
	}
	database := env.AdvisoryDatabase
	if s.Database != "" {
		database = s.Database
		if !filepath.IsAbs(database) {
			database = filepath.Join(env.Dir, database)
		}
	}
	return &Own{
		Options: scan.Options{Database: database, From: s.Inventory, Platforms: s.Platforms, Registry: env.Registry, Clock: env.Now, Redact: env.Redact},
		Bills:   files(env, "scan.sboms", s.Bills, scan.MaxBill),
	}
}

// files are those that a setting lists.
func files(env source.Env, key string, names []string, limit int64) []strict.Path {
	var paths []strict.Path
	for _, name := range names {
		path := env.File(key, name)
		path.Max = limit
		paths = append(paths, path)
	}
	return paths
}
