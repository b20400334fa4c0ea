package github

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/prodgate/prodgate/internal/web"
)

// denied explains an answer that could not be read: the token is invalid, it lacks a
// permission, or there were too many requests. variable has the token.
func denied(err error, variable, permission string) error {
	var status *web.StatusError
	if !errors.As(err, &status) {
		return err
	}
	switch {
	case status.Limited:
		return fmt.Errorf("%w; this is the rate limit of the token in %s, and nothing is known until it ends", err, variable)
	case status.Status == http.StatusUnauthorized:
		return fmt.Errorf("%w; the token in %s is not valid", err, variable)
	case status.Status == http.StatusForbidden:
		return fmt.Errorf("%w; the token in %s needs the permission %q", err, variable, permission)
	case status.Status == http.StatusNotFound:
		return fmt.Errorf("%w; it does not exist, or the token in %s lacks the permission %q", err, variable, permission)
	}
	return err
}

// decode reads the JSON of an answer.
func decode(path string, answer *web.Answer, into any) error {
	if err := answer.JSON(into); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	return nil
}

// Permissions, as the settings of a GitHub App and a fine-grained token name them.
const (
	readActions     = "Actions: read"
	readDeployments = "Deployments: read"
	readContents    = "Contents: read"
	readMembers     = "Members: read (organization)"
	administrate    = "Administration: read (organization), of an owner"
)
