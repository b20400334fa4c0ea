package collectors

import (
	"path"

	"github.com/prodgate/prodgate/collectors/approvals"
	"github.com/prodgate/prodgate/collectors/build"
	"github.com/prodgate/prodgate/collectors/calendar"
	"github.com/prodgate/prodgate/collectors/incidents"
	"github.com/prodgate/prodgate/collectors/monitoring"
	"github.com/prodgate/prodgate/collectors/notifications"
	"github.com/prodgate/prodgate/collectors/oncall"
	"github.com/prodgate/prodgate/collectors/people"
	"github.com/prodgate/prodgate/collectors/production"
	"github.com/prodgate/prodgate/collectors/report"
	"github.com/prodgate/prodgate/collectors/rollback"
	"github.com/prodgate/prodgate/collectors/staging"
	"github.com/prodgate/prodgate/collectors/trail"
	"github.com/prodgate/prodgate/collectors/waivers"
)

// Skeleton is a file to begin with: it can be collected as it stands, its
// comments say what to write, and nothing in it lets an artifact through.
type Skeleton struct {
	Section  string // JSON key of the section it is read for
	Key      string // key in prodgate.yaml that names the file
	Filename string
	Content  string
}

// Skeletons are the files that SkeletonConfig names, in the document's order.
// sources.vulnerabilities has two.
func Skeletons() []Skeleton {
	return []Skeleton{
		{"build", "sources.build.file", "provenance.json", build.Skeleton},
		{"staging", "sources.staging.file", "staging.yaml", staging.Skeleton},
		{"vulnerabilities", "sources.vulnerabilities.reports", "trivy.json", report.Skeleton},
		{"vulnerabilities", "sources.vulnerabilities.database", "trivy-database.json", report.SkeletonDatabase},
		{"calendar", "sources.calendar.file", "calendar.yaml", calendar.Skeleton},
		{"approvals", "sources.approvals.file", "approvals.yaml", approvals.Skeleton},
		{"people", "sources.people.file", "people.yaml", people.Skeleton},
		{"production", "sources.production.file", "production.yaml", production.Skeleton},
		{"rollback", "sources.rollback.file", "rollback.yaml", rollback.Skeleton},
		{"incidents", "sources.incidents.file", "incidents.yaml", incidents.Skeleton},
		{"on_call", "sources.on_call.file", "on-call.yaml", oncall.Skeleton},
		{"notifications", "sources.notifications.file", "notifications.yaml", notifications.Skeleton},
		{"monitoring", "sources.monitoring.file", "monitoring.yaml", monitoring.Skeleton},
		{"waivers", "sources.waivers.file", "waivers.yaml", waivers.Skeleton},
		{"trail", "sources.trail.file", "trail.jsonl", trail.Skeleton},
	}
}

// SkeletonConfig names the files of Skeletons in folder, which is relative to
// prodgate.yaml. Marshalled as YAML it is what stands there under "sources".
func SkeletonConfig(folder string) Config {
	in := func(name string) File { return File{path.Join(folder, name)} }
	return Config{
		Build:   in("provenance.json"),
		Staging: in("staging.yaml"),
		Vulnerabilities: Scans{
			Reports:  []string{path.Join(folder, "trivy.json")},
			Database: path.Join(folder, "trivy-database.json"),
		},
		Calendar:      in("calendar.yaml"),
		Approvals:     in("approvals.yaml"),
		People:        in("people.yaml"),
		Production:    Recorded{File: path.Join(folder, "production.yaml")},
		Rollback:      in("rollback.yaml"),
		Incidents:     in("incidents.yaml"),
		OnCall:        in("on-call.yaml"),
		Notifications: in("notifications.yaml"),
		Monitoring:    in("monitoring.yaml"),
		Waivers:       in("waivers.yaml"),
		Trail:         Recorded{File: path.Join(folder, "trail.jsonl")},
	}
}
