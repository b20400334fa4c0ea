package attestation

import (
	"time"

	shared "github.com/prodgate/prodgate/collectors/internal/vulnerabilities"
	"github.com/prodgate/prodgate/collectors/report"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/attestation"
)

// Predicate types about vulnerabilities. SBOMs are not among them: the scanner reads
// those that are attached, and finds more in them, never less than in the image.
const (
	TypeVulnerabilities = report.PredicateType
	TypeOpenVEX         = "https://openvex.dev/ns"
	typeOpenVEX02       = "https://openvex.dev/ns/v0.2.0"
)

// vulnerabilities are the signed reports of scanners, and VEX statements: all that are
// signed, and those without a signature that suppress nothing. No statement is no scan.
func vulnerabilities(about []statement, _ string, _ time.Time) (facts.Section, []facts.Contradiction, error) {
	section := &facts.Vulnerabilities{Scans: []facts.Scan{}}
	for _, s := range about {
		bare, err := attestation.NewStatement(s.Statement.PredicateType, s.Statement.Subjects, s.Statement.Predicate)
		if err != nil {
			return nil, nil, err
		}
		if s.Statement.PredicateType == TypeVulnerabilities {
			if s.signer == "" {
				continue // anyone can report that nothing was found
			}
			scans, err := report.ReadReport(s.Name, bare, s.digest, nil)
			if err != nil {
				return nil, nil, err
			}
			section.Scans = append(section.Scans, scans...)
			continue
		}
		statements, err := shared.ReadVEX(s.Name, bare)
		if err != nil {
			return nil, nil, err
		}
		for _, v := range statements {
			if s.signer == "" && (v.Status == "not_affected" || v.Status == "fixed") {
				continue
			}
			v.VerifiedBy = s.verifiedBy()
			section.Statements = append(section.Statements, v)
		}
	}
	return section, nil, nil
}
