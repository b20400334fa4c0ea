package main

import (
	"fmt"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/internal/cassette"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/spf13/cobra"
)

// exchanges records what is exchanged with systems over HTTP, or replays it. The nil
// exchanges do neither.
type exchanges struct {
	recorder *cassette.Recorder
	player   *cassette.Player
	settings map[string]string // of the recorded run
}

// addExchanges declares the flags for a recording.
func addExchanges(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.String("record", "", "record the exchanges with systems over HTTP in this new folder, without secrets (flag only)")
	flags.String("replay", "", "take the answers of systems from a recording in this folder, as of its time; the decision is a simulation and never counts (flag only)")
}

// imageSetting is the name of the image among the settings of a recording.
const imageSetting = "image"

// openExchanges begins or opens the recording that the flags name, for a request about an
// image. A replay completes cfg with the settings of the recorded run. std is that of the
// run from then on.
func openExchanges(cmd *cobra.Command, std stdio, cfg *config.Config, image string) (stdio, error) {
	s := said{cmd: cmd, std: std}
	record, replay := s.text("record", false), s.text("replay", false)
	switch {
	case s.err != nil:
		return std, s.err
	case record == "" && replay == "":
		return std, nil
	case replay != "" && cmd.Flags().Changed("attest"):
		return std, usage("attest a decision that counts", "--attest and --replay exclude each other: a replay is a simulation")
	case record != "" && replay != "":
		return std, usage("", "--record and --replay exclude each other")
	case image == "":
		return std, usage("omit it, or name an image", "--record and --replay are about collecting, and --input collects nothing")
	}
	x := &exchanges{settings: map[string]string{imageSetting: image}}
	var err error
	if record != "" {
		now := std.clock()
		if x.recorder, err = cassette.NewRecorder(std.path(record), now); err != nil {
			return std, usage("name a new folder", "--record: %w", err)
		}
		for _, name := range requestSettings {
			if v := cfg.Get(name); v.Given() {
				x.settings[name] = v.Text
			}
		}
		std.exchanges = x
		return std, nil
	}
	if x.player, err = cassette.Open(std.path(replay)); err != nil {
		return std, usage("", "--replay: %w", err)
	}
	recorded := x.player.Settings()
	if recorded[imageSetting] != image {
		return std, usage("name the image that was recorded", "--replay: the recording is about %q", recorded[imageSetting])
	}
	for _, name := range requestSettings {
		if text := recorded[name]; text != "" {
			cfg.Infer(name, text, "the recording")
		}
	}
	at := x.player.At()
	std.exchanges, std.clock = x, func() time.Time { return at }
	return std, nil
}

// at is the time that a replay decides about; nil: there is no replay.
func (x *exchanges) at() *time.Time {
	if x == nil || x.player == nil {
		return nil
	}
	at := x.player.At()
	return &at
}

// apply has the systems of sources recorded or replayed.
func (x *exchanges) apply(sources *collectors.Config) {
	switch {
	case x == nil:
		return
	case x.recorder != nil:
		sources.Carrier, sources.Getenv = x.recorder.Carrier, x.recorder.Getenv(sources.Getenv)
	default:
		sources.Carrier, sources.Getenv = x.player.Carrier, x.player.Getenv
	}
	sources.Registry.Transport = sources.Carrier(sources.Registry.Transport)
}

// close completes a recording.
func (x *exchanges) close() error {
	if x == nil || x.recorder == nil {
		return nil
	}
	if err := x.recorder.Close(x.settings); err != nil {
		return fmt.Errorf("--record: %w", err)
	}
	return nil
}
