package calendar

import (
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/internal/strict"
)

// Kind is a calendar that is written in the configuration itself.
var Kind = source.Kind{
	Name:     "calendar",
	Summary:  "the calendar in prodgate.yaml itself, with public holidays and the feeds that it names ([calendars.md](calendars.md))",
	Sections: []string{"calendar"},
	Settings: func() any { return new(Site) },
	Key:      "timezone",
	Open: func(env source.Env, settings any) source.Collector {
		return Collector{File: strict.Path{Dir: env.Dir, Name: env.Config, Key: env.Key}, Site: settings.(*Site), Clock: env.Clock, Web: Feeds(env)}
	},
}
