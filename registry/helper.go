package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
)

const (
	helperPrefix  = "docker-credential-"
	maxHelper     = 30 * time.Second // timeout of a helper, if no deadline is earlier
	maxHelperSays = 1 << 20          // limit of its output, in bytes

	// maxHelperPipes is how long a process that a helper left running can keep its
	// output open.
	maxHelperPipes = 2 * time.Second

	// notInStore is the output of a helper without credentials for a registry.
	notInStore = "credentials not found in native keychain"
)

// askHelper calls the credential helper docker-credential-SUFFIX for the
// credentials of server; nil: it has none. At the end of ctx, or after maxHelper,
// the helper is killed with all processes that it started. Its output may be a secret:
// no error quotes it, and its stderr is discarded.
func askHelper(ctx context.Context, suffix, server string) (*authn.AuthConfig, error) {
	program := helperPrefix + suffix
	if strings.ContainsAny(suffix, `/\`) {
		return nil, fmt.Errorf("helper %q: the name of a helper is no path", program)
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("helper %s cannot be run: it is not in PATH", program)
	}
	limited, cancel := context.WithTimeout(ctx, maxHelper)
	defer cancel()
	said := &answer{}
	cmd := exec.CommandContext(limited, path, "get") //nolint:gosec // the helper that the user's own configuration names
	cmd.Stdin, cmd.Stdout = strings.NewReader(server), said
	cmd.WaitDelay = maxHelperPipes
	ownGroup(cmd)
	begun := time.Now()
	err = cmd.Run()
	switch {
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("helper %s timed out after %s and was killed: %w", program, time.Since(begun).Round(100*time.Millisecond), context.DeadlineExceeded)
	case limited.Err() != nil:
		return nil, fmt.Errorf("helper %s was killed: %w", program, limited.Err())
	case said.long:
		return nil, fmt.Errorf("helper %s printed more than %d bytes", program, maxHelperSays)
	case errors.Is(err, exec.ErrWaitDelay): // it succeeded, but a process that it started still runs
	case err != nil && strings.TrimSpace(said.text.String()) == notInStore:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("helper %s failed (%w); to see why: echo %s | %s get", program, err, server, program)
	}
	return said.credentials(program)
}

// answer is the output of a helper.
type answer struct {
	text bytes.Buffer
	long bool // more than maxHelperSays
}

func (a *answer) Write(p []byte) (int, error) {
	if a.text.Len()+len(p) > maxHelperSays {
		a.long = true
		return 0, errors.New("too long")
	}
	return a.text.Write(p)
}

// credentials reads the answer. The user <token> has an identity token.
func (a *answer) credentials(program string) (*authn.AuthConfig, error) {
	var c struct{ Username, Secret string }
	if err := json.Unmarshal(a.text.Bytes(), &c); err != nil {
		return nil, fmt.Errorf("helper %s: its answer is not the JSON of a credential helper", program)
	}
	switch {
	case c.Username == "" && c.Secret == "":
		return nil, nil
	case c.Username == "<token>":
		return &authn.AuthConfig{IdentityToken: c.Secret}, nil
	}
	return &authn.AuthConfig{Username: c.Username, Password: c.Secret}, nil
}
