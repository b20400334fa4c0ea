package entra

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/prodgate/prodgate/internal/web"
)

// Application permissions of Microsoft Graph.
const (
	readUsers    = "User.Read.All"
	readMembers  = "GroupMember.Read.All"
	readRoles    = "RoleManagement.Read.Directory"
	readApps     = "Application.Read.All"
	readAuditLog = "AuditLog.Read.All"
)

// denied explains an answer that could not be read: the token is invalid, the
// application lacks a permission, or there were too many requests.
func (d *directory) denied(err error, permission string) error {
	var status *web.StatusError
	if !errors.As(err, &status) {
		return err
	}
	switch {
	case status.Limited:
		return fmt.Errorf("%w; this is the rate limit of Microsoft Graph, and nothing is known until it ends", err)
	case status.Status == http.StatusUnauthorized:
		return fmt.Errorf("%w; the token of the application %s is not valid for %s", err, d.Settings.ClientID, d.api.Host())
	case status.Status == http.StatusForbidden:
		return fmt.Errorf("%w; the application %s needs the application permission %s, with admin consent", err, d.Settings.ClientID, permission)
	case status.Status == http.StatusNotFound:
		return fmt.Errorf("%w; it does not exist, or the application %s lacks the application permission %s", err, d.Settings.ClientID, permission)
	}
	return err
}

// refused reports whether err is the answer 403 to one request too few permissions
// allow.
func refused(err error) bool {
	var status *web.StatusError
	return errors.As(err, &status) && status.Status == http.StatusForbidden && !status.Limited
}
