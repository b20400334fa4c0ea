package gitlab

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/prodgate/prodgate/internal/web"
)

// denied explains an answer that could not be read: the token is invalid, it lacks
// something, or there were too many requests. variable has the token, and needs is what
// it must have.
func denied(err error, variable, needs string) error {
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
		return fmt.Errorf("%w; the token in %s needs %s", err, variable, needs)
	case status.Status == http.StatusNotFound:
		return fmt.Errorf("%w; it does not exist, or the token in %s lacks %s", err, variable, needs)
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

// What a token needs: its scope, and the role of its user.
const (
	readAPI            = "read_api"
	readProject        = "the scope read_api and the role Reporter in the project"
	readProtected      = "the scope read_api and the role Maintainer in the project"
	readGroup          = "the scope read_api and a role in the group, or in a group above it"
	readUsers          = "the scope read_api"
	readGroupProtected = "the scope read_api and the role Maintainer in the group"
	readAsAdminUser    = "the scope read_api of an administrator"
)
