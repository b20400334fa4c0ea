// Package policies holds the shipped Rego policies, as stock OPA reads them:
// the folder is the package. It holds no Go but the embedding; what the rules
// mean is written in the rules.
package policies

import "embed"

// FS is this folder: .manifest, the rules, their tests and the one data file,
// prodgate/v1/settings/data.yaml.
//
//go:embed .manifest prodgate
var FS embed.FS
