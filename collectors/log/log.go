// Package log is the audit trail as a source: the steps, debts, freezes and delegations
// that it holds (Trail), and the history of deployments (Production). It reports what is
// recorded, and judges nothing.
//
// Up to 10,000 entries of each type of the service, of the artifact and of the
// deployment are read. If there are more, complete is false.
package log

import "github.com/prodgate/prodgate/collectors/log/internal/recorded"

// Kind is the kind of source that a trail is.
const Kind = recorded.Kind

// Location says where the audit trail is.
type Location = recorded.Log
