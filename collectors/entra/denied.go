package entra

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/prodgate/prodgate/collectors/internal/rest"
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
	application := "the application " + d.Settings.ClientID
	reader := rest.Reader{
		Limit:   "Microsoft Graph",
		Invalid: fmt.Sprintf("the token of %s is not valid for %s", application, d.api.Host()),
		Holder:  application,
		Grant:   ", with admin consent",
	}
	return reader.Denied(err, "the application permission "+permission)
}

// refused reports whether err is the answer 403 to one request too few permissions
// allow.
func refused(err error) bool {
	var status *web.StatusError
	return errors.As(err, &status) && status.Status == http.StatusForbidden && !status.Limited
}
