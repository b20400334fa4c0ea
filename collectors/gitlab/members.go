package gitlab

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/web"
)

// membership of an account in a group. State is that of the account.
type membership struct {
	account
	AccessLevel     int     `json:"access_level"`
	ExpiresAt       *string `json:"expires_at"` // the day on which it ends; null: never
	MembershipState string  `json:"membership_state"`
}

// guest is the lowest access level that gives access. A member with less is only listed.
const guest = 10

// active reports whether an account is a direct member of a group, now. Members of the
// groups above it are not: in most companies that is everyone. Only a group that is
// visible has no such member.
func (d *directory) active(ctx context.Context, group string, a account) (bool, error) {
	path := web.Path("groups", group, "members", strconv.FormatInt(a.ID, 10))
	var m membership
	err := d.get(ctx, path, readGroup, &m)
	if web.NotFound(err) {
		return false, d.visible(ctx, group)
	}
	if err != nil {
		return false, err
	}
	if m.ID != a.ID {
		return false, fmt.Errorf("GET %s: the answer is about the account %d", path, m.ID)
	}
	ended, err := m.ended(d.now())
	if err != nil {
		return false, fmt.Errorf("GET %s: %w", path, err)
	}
	return !ended && m.State == "active" && (m.MembershipState == "" || m.MembershipState == "active") && m.AccessLevel >= guest, nil
}

// ended reports whether the membership has ended: it ends when its last day begins.
func (m membership) ended(now time.Time) (bool, error) {
	if m.ExpiresAt == nil {
		return false, nil
	}
	day, _, _ := strings.Cut(*m.ExpiresAt, "T")
	end, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return false, fmt.Errorf("expires_at is %q, which is not a day", *m.ExpiresAt)
	}
	return !now.Before(end), nil
}

// groupPage is a group, with its requirement of two-factor authentication.
type groupPage struct {
	FullPath string `json:"full_path"`
	Requires *bool  `json:"require_two_factor_authentication"`
	Grace    *int   `json:"two_factor_grace_period"` // hours in which a member need not have it
}

// visible returns an error if the token does not see a group.
func (d *directory) visible(ctx context.Context, path string) error {
	if _, err := d.group(ctx, path); err != nil {
		return fmt.Errorf("the group %s cannot be seen, so nothing is known of its members: %w", path, err)
	}
	return nil
}

// group reads a group.
func (d *directory) group(ctx context.Context, name string) (groupPage, error) {
	path := web.Path("groups", name)
	var found groupPage
	if err := d.get(ctx, path, readGroup, &found); err != nil {
		return groupPage{}, err
	}
	if !strings.EqualFold(found.FullPath, name) {
		return groupPage{}, fmt.Errorf("GET %s: the answer is about the group %q", path, found.FullPath)
	}
	return found, nil
}
