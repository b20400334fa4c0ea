package facts

import (
	"slices"
	"time"
)

// RecordedVerification is the result of a staging verification as an entry of the trail
// has it.
type RecordedVerification struct {
	Digest      string     `json:"digest" schema:"digest"`
	Service     string     `json:"service" schema:"identifier"`
	Environment string     `json:"environment" schema:"identifier"`
	Result      *string    `json:"result" schema:"nonempty"` // null: none was recorded
	At          time.Time  `json:"at"`
	ID          string     `json:"id" schema:"nonempty"`
	Seq         int        `json:"seq"`
	Writer      *string    `json:"writer" schema:"person"` // null: not known
	Assurance   *Assurance `json:"assurance"`
}

// NewStaging is the section of at least one stay: the newest, and the others, newest
// first.
func NewStaging(stays []Stay) *Staging {
	stays = slices.Clone(stays)
	slices.SortStableFunc(stays, func(a, b Stay) int { return b.DeployedAt.Compare(a.DeployedAt) })
	s := stays[0]
	return &Staging{
		Digest: s.Digest, Service: s.Service, Environment: s.Environment, DeployedAt: s.DeployedAt,
		RestartedAt: s.RestartedAt, EndedAt: s.EndedAt, AsOf: s.AsOf, VerifiedBy: s.VerifiedBy, Verification: s.Verification,
		ID: s.ID, Seq: s.Seq, Writer: s.Writer, Assurance: s.Assurance, Earlier: append([]Stay{}, stays[1:]...),
	}
}

// Stays are all stays, the newest one first.
func (s *Staging) Stays() []Stay {
	return append([]Stay{{
		Digest: s.Digest, Service: s.Service, Environment: s.Environment, DeployedAt: s.DeployedAt,
		RestartedAt: s.RestartedAt, EndedAt: s.EndedAt, AsOf: s.AsOf, VerifiedBy: s.VerifiedBy, Verification: s.Verification,
		ID: s.ID, Seq: s.Seq, Writer: s.Writer, Assurance: s.Assurance,
	}}, s.Earlier...)
}

// HasStays reports whether the section has stays. One without can only be merged with
// another one: its deployments name no digest.
func (s *Staging) HasStays() bool { return s.Digest != "" }
