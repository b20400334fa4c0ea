package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/prodgate/prodgate/internal/config"
)

// databaseDir returns the folder of the advisory database: the configured one,
// otherwise prodgate/db in the user's cache folder.
func databaseDir(cfg *config.Config, std stdio) (string, error) {
	if named := cfg.Get("db").Text; named != "" {
		return std.path(named), nil
	}
	cache, err := userCache(std)
	if err != nil {
		return "", usage("set it with --db or PRODGATE_DB", "find the advisory database: %w", err)
	}
	return filepath.Join(cache, "prodgate", "db"), nil
}

// userCache returns the user's cache folder, from the environment.
func userCache(std stdio) (string, error) {
	if cache := std.getenv("XDG_CACHE_HOME"); filepath.IsAbs(cache) {
		return cache, nil
	}
	if home := std.getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".cache"), nil
	}
	if cache, err := os.UserCacheDir(); err == nil {
		return cache, nil
	}
	return "", errors.New("the environment defines no cache folder (HOME, XDG_CACHE_HOME)")
}
