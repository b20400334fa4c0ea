package trail

import (
	"github.com/prodgate/prodgate/collectors/internal/recorded"
	"github.com/prodgate/prodgate/collectors/production"
	"github.com/prodgate/prodgate/collectors/source"
)

// Kind is the audit trail of the run.
var Kind = source.Kind{
	Name:     recorded.Kind,
	Summary:  "the audit trail that \"trail\" in prodgate.yaml names",
	Sections: []string{"production", "trail"},
	Ready:    true,
	Open: func(env source.Env, _ any) source.Collector {
		if env.Section == "production" {
			return production.Collector{Recorded: true, Log: env.Log}
		}
		return Collector{Recorded: true, Log: env.Log}
	},
}
