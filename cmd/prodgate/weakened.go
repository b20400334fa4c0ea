package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/trail"
)

// trailName identifies a trail in the settings.
type trailName struct {
	origin string // of its checkpoints
	key    string // its public key, which no other trail has
}

func nameOf(ctx context.Context, log *trail.Log) (*trailName, error) {
	key, err := log.PublicKey(ctx)
	if err != nil {
		return nil, err
	}
	return &trailName{origin: log.Origin(), key: strings.TrimSpace(key)}, nil
}

// weakened lists what weakened the gate in this run: switches, flags that contradict
// the CI system, and every policy, configuration, service, environment or trail that
// a flag, a variable or a nearer file put in place of another. Not listed are a trail
// that the settings pin, and a service that lists the image's repository.
func (e *evaluation) weakened(ctx context.Context, policies *evaluator.Evaluator, input *evaluator.Input) ([]string, error) {
	list := []string{}
	if e.insecure {
		list = append(list, "--"+config.InsecureFlag)
	}
	collected := e.input == ""
	if collected {
		for _, v := range e.cfg.All() {
			if v.Against != "" {
				list = append(list, v.Origin.Where+" against "+v.Against)
			}
		}
		given, missing := e.cfg.Unestablished()
		for _, where := range given {
			list = append(list, where+" without "+missing)
		}
	}
	replaced := e.cfg.Replaced()
	if len(replaced) == 0 {
		return list, nil
	}
	pins, err := pinsFor(ctx, policies, input.Document().Request)
	if err != nil {
		return list, err
	}
	for _, r := range replaced {
		about := r.Name == "service" || r.Name == "environment"
		if about && !collected || r.Name == "service" && pins.ownsImage(input) || strings.HasPrefix(r.Name, "trail") && pins.pinsTrail(e.trailName(ctx)) {
			continue
		}
		list = append(list, r.String())
	}
	return list, nil
}

// pins are the settings that define the repositories of the service and the right
// trail.
type pins struct {
	Repositories []string `json:"repositories"`
	Audit        struct {
		TrailOrigins []string `json:"trail_origins"`
	} `json:"audit"`
}

func pinsFor(ctx context.Context, policies *evaluator.Evaluator, request facts.Request) (p pins, err error) {
	text, err := policies.Settings(ctx, request.Environment, request.Service)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("read repositories and audit.trail_origins of the settings: %w", err)
	}
	return p, nil
}

// ownsImage reports whether the image's repository is one of the service's.
func (p pins) ownsImage(in *evaluator.Input) bool {
	artifact := in.Document().Artifact
	return artifact != nil && artifact.Repository != "" && slices.Contains(p.Repositories, artifact.Repository)
}

// trailName returns the name of the run's trail. A run that records nothing reads it
// from the trail; a trail that cannot be read has no name.
func (e *evaluation) trailName(ctx context.Context) *trailName {
	location := e.cfg.Get("trail").Text
	if e.trail != nil || location == "" {
		return e.trail
	}
	log, err := trail.Open(ctx, location, trailOptions(e.std, e.cfg, true))
	if err != nil {
		return nil
	}
	defer log.Close()
	if name, err := nameOf(ctx, log); err == nil {
		e.trail = name
	}
	return e.trail
}

// pinsTrail reports whether the settings name the trail.
func (p pins) pinsTrail(name *trailName) bool {
	return name != nil && (slices.Contains(p.Audit.TrailOrigins, name.key) || slices.Contains(p.Audit.TrailOrigins, name.origin))
}
