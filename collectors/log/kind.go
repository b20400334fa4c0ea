package log

import "github.com/prodgate/prodgate/collectors/source"

// System is the audit trail of the run as a kind of system.
var System = source.Kind{
	Name:     Kind,
	Summary:  "the audit trail configured as \"trail\" in prodgate.yaml",
	Sections: []string{"production", "staging", "trail"},
	Needs:    source.Always(source.Trail),
	Ready:    true,
	Open: func(env source.Env, _ any) source.Collector {
		location := Location(env.Log)
		switch env.Section {
		case "production":
			return Production{Log: location}
		case "staging":
			return Staging{Log: location}
		}
		return Trail{Log: location, Signatures: Signatures{Verifier: env.Verifier, Now: env.Now, Clock: env.Clock}}
	},
}
