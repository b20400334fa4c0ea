package contracts

import (
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestTheReviewInTheServersTestsIsWhatGitHubSends holds the delivery that the server's tests
// use against GitHub's description of the event.
func TestTheReviewInTheServersTestsIsWhatGitHubSends(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	described, err := compiler.Compile("testdata/github_webhooks.json")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open("../../server/testdata/deployment_review.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	delivery, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := described.Validate(delivery); err != nil {
		t.Error(err)
	}
	object := delivery.(map[string]any)
	for _, key := range []string{"action", "since", "workflow_run", "repository"} { // the server needs them
		kept := object[key]
		delete(object, key)
		if described.Validate(delivery) == nil {
			t.Errorf("GitHub's description does not require %s", key)
		}
		object[key] = kept
	}
}
