package server

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prodgate/prodgate/server/token"
	"github.com/prodgate/prodgate/trail"
)

// minSecret is how many bytes a secret that signs deliveries has at least.
const minSecret = 20

// checkWebhooks checks the webhooks and reads their secrets.
func (c *Config) checkWebhooks() error {
	names := map[string]bool{}
	for n := range c.Webhooks {
		w := &c.Webhooks[n]
		where := fmt.Sprintf("webhooks[%d]", n)
		of := slices.IndexFunc(c.Issuers, func(i IssuerConfig) bool { return i.Name == w.Issuer })
		w.Repository = strings.ToLower(w.Repository)
		switch {
		case w.Name == "" || names[w.Name] || strings.Trim(w.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
			return fmt.Errorf("%s.name %q must be there, be unique, and have lower-case letters, digits and - only", where, w.Name)
		case of < 0 || c.Issuers[of].Kind != token.GitHub:
			return fmt.Errorf("%s.issuer %q must be one of issuers, of kind github", where, w.Issuer)
		case !strings.Contains(w.Repository, "/"):
			return fmt.Errorf("%s.repository %q must be OWNER/NAME", where, w.Repository)
		case w.RepositoryID == "" || strings.Trim(w.RepositoryID, "0123456789") != "":
			return fmt.Errorf("%s.repository_id %q must be the number of %s: its name can be taken over, the number cannot", where, w.RepositoryID, w.Repository)
		case w.SecretFile == "":
			return fmt.Errorf("%s.secret_file is missing: the file with the secret of the webhook", where)
		}
		names[w.Name] = true
		secret, err := os.ReadFile(w.SecretFile)
		if err != nil {
			return fmt.Errorf("%s.secret_file: %w", where, err)
		}
		w.secret = bytes.TrimSpace(secret)
		if len(w.secret) < minSecret {
			return fmt.Errorf("%s.secret_file %s has %d characters; a secret has at least %d, at random", where, w.SecretFile, len(w.secret), minSecret)
		}
		w.address = strings.TrimSuffix(c.Issuers[of].Address, "/")
		if w.address == "" {
			w.address = "https://github.com"
		}
	}
	return nil
}

// delivered is the answer to a delivery.
type delivered struct {
	Recorded bool   `json:"recorded"`
	Why      string `json:"why,omitempty"` // nothing was recorded
}

// webhook records a review that a CI system reports. The entry depends on the content of
// the delivery alone, so a delivery that is sent again is the same entry.
func (s *Server) webhook(w http.ResponseWriter, r *http.Request) (name string, result any, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxQuery)
	n := slices.IndexFunc(s.config.Webhooks, func(h WebhookConfig) bool { return h.Name == r.PathValue("name") })
	if n < 0 {
		return "", nil, refuse(http.StatusNotFound, "there is no such webhook: add it to webhooks of the server")
	}
	hook := &s.config.Webhooks[n]
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", nil, err
	}
	if !hook.signed(body, r.Header.Values("X-Hub-Signature-256")) {
		return "", nil, refuse(http.StatusUnauthorized, "X-Hub-Signature-256 is not the signature of this body by the secret of the webhook %s", hook.Name)
	}
	name = "webhook " + hook.Name
	done, err := s.enter(name)
	if err != nil {
		return name, nil, err
	}
	defer done()
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return name, nil, refuse(http.StatusUnsupportedMediaType, "the content type is %q: set the webhook's content type to application/json", kind)
	}
	if event := r.Header.Get("X-GitHub-Event"); event != "deployment_review" {
		return name, delivered{Why: fmt.Sprintf("the event %q is not used: only deployment_review is", event)}, nil
	}
	review, err := readReview(body)
	if err != nil {
		return name, nil, refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	if review.Action == "requested" {
		return name, delivered{Why: "nobody has reviewed yet"}, nil
	}
	event, err := hook.entry(review, s.clock())
	if err != nil {
		return name, nil, refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	receipts, err := s.log.Append(r.Context(), event)
	if err != nil {
		return name, nil, err
	}
	s.metrics.appended(1)
	s.logger.Info("recorded", "caller", name, "run", event.Run, "first", receipts[0].Seq, "entries", 1, "type", event.Type)
	return name, delivered{Recorded: true}, nil
}

// signed reports whether a body has exactly one signature, and that is by the secret.
func (w *WebhookConfig) signed(body []byte, signatures []string) bool {
	if len(signatures) != 1 {
		return false
	}
	given, err := hex.DecodeString(strings.TrimPrefix(signatures[0], "sha256="))
	if err != nil || !strings.HasPrefix(signatures[0], "sha256=") {
		return false
	}
	mac := hmac.New(sha256.New, w.secret)
	mac.Write(body)
	return subtle.ConstantTimeCompare(mac.Sum(nil), given) == 1
}

// review is what is read of the event deployment_review, as GitHub describes it
// (docs.github.com, "Webhook events and payloads").
type review struct {
	Action   string    `json:"action"` // approved, rejected or requested
	Since    time.Time `json:"since"`
	Approver *struct {
		ID int64 `json:"id"`
	} `json:"approver"`
	Run struct {
		ID        int64     `json:"id"`
		UpdatedAt time.Time `json:"updated_at"`
	} `json:"workflow_run"`
	Job        *job  `json:"workflow_job_run"`
	Jobs       []job `json:"workflow_job_runs"`
	Repository struct {
		ID       int64  `json:"id"`
		FullName string `json:"full_name"`
	} `json:"repository"`
}

type job struct {
	Environment string `json:"environment"`
}

func readReview(body []byte) (r review, err error) {
	if err := json.Unmarshal(body, &r); err != nil {
		return r, fmt.Errorf("the body is not a deployment_review: %w", err)
	}
	return r, nil
}

// environments are those that were reviewed, in order and each once.
func (r review) environments() []string {
	jobs := r.Jobs
	if r.Job != nil {
		jobs = append(slices.Clone(jobs), *r.Job)
	}
	names := []string{}
	for _, j := range jobs {
		if j.Environment != "" {
			names = append(names, j.Environment)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// clockTolerance is how far the clock of the CI system may be ahead.
const clockTolerance = time.Minute

// entry is what the trail says of a review. Both times of the delivery are those of things
// that happened before the review or with it, so the later one is not later than the review,
// whenever the delivery arrives.
func (w *WebhookConfig) entry(r review, now time.Time) (trail.Event, error) {
	at := r.Since
	if r.Run.UpdatedAt.After(at) {
		at = r.Run.UpdatedAt
	}
	at = at.UTC().Truncate(time.Second)
	environments := r.environments()
	switch {
	case !strings.EqualFold(r.Repository.FullName, w.Repository) || fmt.Sprint(r.Repository.ID) != w.RepositoryID:
		return trail.Event{}, fmt.Errorf("the delivery is of the repository %.100q (%d), and the webhook %s is for %s (%s)", r.Repository.FullName, r.Repository.ID, w.Name, w.Repository, w.RepositoryID)
	case r.Action != "approved" && r.Action != "rejected":
		return trail.Event{}, fmt.Errorf("the action is %.100q; it must be approved, rejected or requested", r.Action)
	case r.Approver == nil || r.Approver.ID <= 0:
		return trail.Event{}, fmt.Errorf("the delivery does not say who reviewed: it has no approver with an id")
	case r.Run.ID <= 0 || len(environments) == 0:
		return trail.Event{}, fmt.Errorf("the delivery does not say what was reviewed: it has no run or no environment")
	case r.Since.IsZero() || r.Run.UpdatedAt.IsZero():
		return trail.Event{}, fmt.Errorf("the delivery does not say when: it has no since or no workflow_run.updated_at")
	case at.After(now.Add(clockTolerance)):
		return trail.Event{}, fmt.Errorf("the review is dated %s, which is later than now", at.Format(time.RFC3339))
	}
	data, err := json.Marshal(trail.ReviewData{Reviewer: fmt.Sprintf("github:%d", r.Approver.ID), Decision: r.Action, Environments: environments, ReviewedAt: at})
	if err != nil {
		return trail.Event{}, err
	}
	run := fmt.Sprintf("%s/runs/%d", w.Repository, r.Run.ID)
	return trail.Event{
		ID: idOf(at, w.RepositoryID, run, string(data)), Type: trail.TypeReviewGiven, OccurredAt: at,
		Deployment: run, Run: fmt.Sprintf("%s/%s/actions/runs/%d", w.address, w.Repository, r.Run.ID),
		Writer: trail.Writer{Subject: "webhook:" + w.Name, Issuer: w.address, Assurance: trail.AssuranceWebhook},
		Data:   data,
	}, nil
}

// idOf is a UUIDv7 that depends on the content of an entry alone (RFC 9562, section 5.7):
// its time in milliseconds, and of its SHA-256 what fits.
func idOf(at time.Time, content ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(content, "\n")))
	var id uuid.UUID
	copy(id[:], sum[:])
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i))) //nolint:gosec // the lowest byte is meant
	}
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}
