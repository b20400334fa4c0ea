// Package policies holds the shipped Rego policies, as stock OPA reads them:
// the folder is the package. It contains only the embedding in Go; the rules are in
// Rego.
package policies

import "embed"

// FS is this folder: .manifest, the rules, their tests and the one data file,
// prodgate/v1/settings/data.yaml.
//
//go:embed .manifest prodgate
var FS embed.FS
