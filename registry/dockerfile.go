package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// dockerFile has the relevant parts of a configuration of docker or podman.
type dockerFile struct {
	Auths       map[string]dockerAuth `json:"auths"`
	CredHelpers map[string]string     `json:"credHelpers"`
	CredsStore  string                `json:"credsStore"`

	name string // for messages
}

// dockerFiles returns the configurations with credentials, in order of precedence: the
// variable DOCKER_AUTH_CONFIG, then docker's file, or podman's if docker has none.
func dockerFiles() ([]dockerFile, error) {
	var files []dockerFile
	if text := os.Getenv("DOCKER_AUTH_CONFIG"); text != "" {
		f, err := parseDockerFile("DOCKER_AUTH_CONFIG", []byte(text))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	for _, path := range dockerPaths() {
		raw, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		f, err := parseDockerFile(path, raw)
		if err != nil {
			return nil, err
		}
		return append(files, f), nil
	}
	return files, nil
}

// dockerPaths are the possible paths of the configuration. The first file counts.
func dockerPaths() []string {
	var paths []string
	home, _ := os.UserHomeDir()
	if dir := os.Getenv("DOCKER_CONFIG"); dir != "" {
		paths = append(paths, filepath.Join(dir, "config.json"))
	} else if home != "" {
		paths = append(paths, filepath.Join(home, ".docker", "config.json"))
	}
	if path := os.Getenv("REGISTRY_AUTH_FILE"); path != "" {
		paths = append(paths, path)
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		paths = append(paths, filepath.Join(dir, "containers", "auth.json"))
	}
	config := os.Getenv("XDG_CONFIG_HOME")
	if config == "" && home != "" {
		config = filepath.Join(home, ".config")
	}
	if config != "" {
		paths = append(paths, filepath.Join(config, "containers", "auth.json"))
	}
	return paths
}

// parseDockerFile reads a configuration. The error contains no part of it.
func parseDockerFile(name string, raw []byte) (dockerFile, error) {
	f := dockerFile{name: name}
	if err := json.Unmarshal(raw, &f); err != nil {
		return f, fmt.Errorf("%s is not a docker configuration in JSON; log in again", name)
	}
	return f, nil
}
