package trail

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/legacy"
	"github.com/prodgate/prodgate/trail/step"
)

func TestAppendRefusesAStepThatLacksWhatItsTypeRequires(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		for _, name := range Types {
			typ, err := step.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			empty := event(func(e *Event) {
				e.Type, e.Data, e.Mode, e.Blobs = name, nil, typ.Mode, nil
				e.Service, e.Environment, e.Artifact, e.Digest, e.Deployment = "", "", "", "", ""
			})
			_, err = l.Append(t.Context(), plain(), empty)
			var problems *step.Error
			if name == TypeBlobErased {
				if err == nil || !strings.Contains(err.Error(), "recorded by Erase and Prune only") {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			lacks := typ.Place || slices.ContainsFunc(typ.Fields, func(f step.Field) bool { return f.Required })
			if !lacks {
				t.Errorf("%s requires nothing", name)
			}
			if !errors.As(err, &problems) || problems.Type != name {
				t.Errorf("%s without anything: %v", name, err)
			}
		}
		if n := len(list(t, l, Filter{})); n != 0 {
			t.Errorf("%d entries, want none", n)
		}
	})
}

func TestAppendNamesTheFieldThatIsMalformed(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "T.db"), Options{})
	_, err := l.Append(t.Context(), bad(TypeApprovalGranted, func(e *Event) {
		e.Data = json.RawMessage(`{"approver":"Pat Smith"}`)
	}))
	for _, want := range []string{"approval.granted: ", "missing data.approved_at (a time with an offset", "data.approver must be a person as scheme:value", `not "Pat Smith"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

func TestACustomStepIsRecorded(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		own := bad("custom.load-test", func(e *Event) { e.Data = json.RawMessage(`{"by":{"any":[1,2]},"result":"PASSED"}`) })
		add(t, l, own, plain())
		if got := list(t, l, Filter{Types: []string{"custom.load-test"}}); len(got) != 1 || got[0].Type != own.Type || string(got[0].Data) != string(own.Data) {
			t.Errorf("%+v", got)
		}
		if _, err := l.Append(t.Context(), bad("custom.Load Test")); err == nil || !strings.Contains(err.Error(), "must be an identifier") {
			t.Error(err)
		}
	})
}

func TestEntriesOfOlderVersionsAreReadAndVerified(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		old := plain()
		old.Type, old.Data = TypeApprovalGranted, nil
		if _, err := l.Append(legacy.Context(t.Context()), old); err != nil {
			t.Fatal(err)
		}
		add(t, l, plain())
		if got := list(t, l, Filter{Proven: true}); len(got) != 2 || got[0].ID != old.ID || got[0].Type != TypeApprovalGranted {
			t.Errorf("%+v", got)
		}
		intact(t, location, VerifyOptions{Key: publicOf(t, l)})
		if _, err := l.Append(t.Context(), old); err == nil {
			t.Error("a step as older versions wrote it is appended again")
		}
	})
}

func TestEachTypeHasItsConstant(t *testing.T) {
	source, err := os.ReadFile("types.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^\tType\w+\s*= "(.*)"$`).FindAllStringSubmatch(string(source), -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	if want := slices.Sorted(slices.Values(Types)); !slices.Equal(names, want) {
		t.Errorf("constants %q, types %q", names, want)
	}
}

func TestTheDataTypesHaveFieldsThatTheirStepsKnow(t *testing.T) {
	for name, data := range map[string]any{
		TypeGateRequested: RequestData{}, TypeGateEvaluated: GateData{}, TypeGateDocument: GateData{}, TypeGateSimulated: GateData{},
		TypeReviewGiven: ReviewData{}, TypeApprovalGranted: ApprovalData{}, TypeApprovalRejected: RejectionData{}, TypeApprovalWithdrawn: RejectionData{},
		TypeIncidentLinked: IncidentData{}, TypeEntryDismissed: DismissalData{}, TypeFreezeDeclared: FreezeData{}, TypeFreezeLifted: LiftData{},
		TypeDelegationGranted: DelegationData{}, TypeDelegationEnded: DelegationEndData{},
		TypeProductionAdopted: AdoptionData{}, TypePolicyChanged: PolicyData{}, TypeBlobErased: ErasedData{},
	} {
		typ, err := step.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range reflect.VisibleFields(reflect.TypeOf(data)) {
			if field.Anonymous {
				continue
			}
			tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if _, known := typ.Field(tag); !known {
				t.Errorf("%s: no form for %s", name, tag)
			}
		}
	}
}

func TestAReferenceToAnotherEntryIsChecked(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		freeze, live := plain(), bad(TypeDeployLive)
		lift := func(id string) Event {
			e := plain()
			e.Type, e.Data = TypeFreezeLifted, json.RawMessage(`{"freeze":"`+id+`","reason":"over"}`)
			return e
		}
		add(t, l, freeze, live, lift(freeze.ID))
		another := plain()
		add(t, l, another, lift(another.ID))
		add(t, l, lift(freeze.ID))
		if _, err := l.Append(t.Context(), plain(), lift(live.ID)); err == nil || !strings.Contains(err.Error(), "must be the id of a freeze.declared, not that of a deploy.live") {
			t.Error(err)
		}
		later := plain()
		if _, err := l.Append(t.Context(), lift(later.ID), later); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "data.freeze") {
			t.Error(err)
		}
		if n := len(list(t, l, Filter{})); n != 6 {
			t.Errorf("%d entries, want 6", n)
		}
	})
}

func TestAKeyThatCannotSignLeavesNoDatabase(t *testing.T) {
	location := filepath.Join(t.TempDir(), "T.db")
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("not a key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), location, Options{Key: key}); err == nil || !strings.Contains(err.Error(), key) {
		t.Error(err)
	}
	if left, _ := filepath.Glob(location + "*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
