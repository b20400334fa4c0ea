package facts_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// Each entry of a trail can be dismissed, so no other report becomes a part of it.
func TestEntriesOfATrailStaySeparate(t *testing.T) {
	yes, no := true, false
	entry := facts.Stay{Digest: digestA, Service: ptr("app"), Environment: ptr("staging"), DeployedAt: hour(10), ID: ptr("e-1"), Seq: ptr(1), Writer: ptr("repo:acme/app"), Assurance: ptr(facts.AssuranceCI)}
	claim := entry
	claim.ID, claim.DeployedAt, claim.Assurance = ptr("e-2"), hour(12), ptr(facts.AssuranceClaimed)
	trail := facts.NewStaging([]facts.Stay{entry, claim})
	trail.Complete, trail.Verifications = &yes, []facts.RecordedVerification{{Digest: digestA, ID: "e-3"}}
	statement := &facts.Staging{Digest: digestA, Service: ptr("app"), Environment: ptr("staging"), DeployedAt: hour(11), VerifiedBy: ptr("key")}
	github := &facts.Staging{Reported: []facts.ReportedDeployment{{ID: "9000"}}, ReportedSince: at(7), Complete: &no}
	older := &facts.Staging{Reported: []facts.ReportedDeployment{{ID: "9000"}, {ID: "9001"}}, ReportedSince: at(6), Complete: &yes}
	for _, parts := range [][]facts.Part{
		{{System: "trail", Section: trail, Recorded: true}, {System: "attestation", Section: statement, Attested: true}, {System: "github", Section: github}, {System: "ghe", Section: older}},
		{{System: "ghe", Section: older}, {System: "github", Section: github}, {System: "attestation", Section: statement, Attested: true}, {System: "trail", Section: trail, Recorded: true}},
	} {
		merged, contradictions, err := facts.Merge(parts)
		if err != nil || len(contradictions) > 0 {
			t.Fatal(contradictions, err)
		}
		got := merged.(*facts.Staging)
		signed := facts.Stay{Digest: digestA, Service: ptr("app"), Environment: ptr("staging"), DeployedAt: hour(11), VerifiedBy: ptr("key")}
		if diff := cmp.Diff([]facts.Stay{claim, signed, entry}, got.Stays()); diff != "" {
			t.Error(diff)
		}
		if *got.Complete || len(got.Verifications) != 1 || len(got.Reported) != 2 || !got.ReportedSince.Equal(hour(7)) {
			t.Errorf("%+v", got)
		}
	}
	if _, _, err := facts.Merge([]facts.Part{{System: "github", Section: github}, {System: "ghe", Section: older}}); !errors.Is(err, facts.ErrNoStays) {
		t.Error(err)
	}
}

// What a statement or a file says of entries is not what a trail has.
func TestOnlyATrailHasEntries(t *testing.T) {
	yes := true
	plain := facts.Stay{Digest: digestA, Service: ptr("app"), Environment: ptr("staging"), DeployedAt: hour(9)}
	forged := plain
	forged.AsOf, forged.ID, forged.Seq, forged.Writer, forged.Assurance = at(15), ptr("x"), ptr(1), ptr("repo:acme/app"), ptr(facts.AssuranceOIDC)
	forged.Verification = &facts.Verification{Result: "PASSED", FinishedAt: hour(10)}
	earlier := forged
	earlier.DeployedAt = hour(8)
	made := func() *facts.Staging {
		s := facts.NewStaging([]facts.Stay{forged, earlier})
		s.Complete, s.Verifications = &yes, []facts.RecordedVerification{{Digest: digestA, ID: "y", Result: ptr("PASSED"), Writer: ptr("repo:acme/app")}}
		s.Reported, s.ReportedSince = []facts.ReportedDeployment{{ID: "9000"}}, at(7)
		return s
	}
	entry := facts.Stay{Digest: digestB, Service: ptr("app"), Environment: ptr("staging"), DeployedAt: hour(7), ID: ptr("e-1"), Seq: ptr(1)}
	trail := facts.Part{System: "trail", Section: facts.NewStaging([]facts.Stay{entry}), Recorded: true}
	statement := facts.Part{System: "attestation", Section: made(), Attested: true}
	for name, parts := range map[string][]facts.Part{
		"alone":         {statement},
		"beside":        {trail, statement},
		"before":        {statement, trail},
		"a file beside": {trail, {System: "file", Section: made()}},
	} {
		merged, _, err := facts.Merge(parts)
		if err != nil {
			t.Fatal(name, err)
		}
		got := merged.(*facts.Staging)
		for _, s := range got.Stays() {
			if s.Digest == digestA && (s.ID != nil || s.Seq != nil || s.Writer != nil || s.Assurance != nil) {
				t.Errorf("%s: %+v", name, s)
			}
			if parts[len(parts)-1].System != "file" && s.Digest == digestA && (s.Verification != nil || s.AsOf.After(s.DeployedAt) || got.Reported != nil) {
				t.Errorf("%s: more than bad news: %+v", name, s)
			}
		}
		if len(got.Verifications) > 0 || got.Complete != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Neither a platform nor a cluster knows what is to be live, so they contradict no one. A
// file and a trail do.
func TestReportedDeploymentsDoNotSayWhatIsLive(t *testing.T) {
	live := facts.Deployment{Digest: digestB, Version: "1", LiveAt: hour(3), Status: "live"}
	trail := &facts.Production{Current: &live, History: []facts.Deployment{live}, Since: at(1)}
	empty := &facts.Production{History: []facts.Deployment{}, Since: at(8)}
	github := &facts.Production{History: []facts.Deployment{}, Since: at(9), Reported: []facts.ReportedDeployment{{ID: "9000"}}}
	cluster := &facts.Production{History: []facts.Deployment{}, Since: at(9), Running: []facts.Running{{Digest: digestA}}}
	nothing := &facts.Production{History: []facts.Deployment{}, Since: at(9), Running: []facts.Running{}}
	for name, tt := range map[string]struct {
		parts          []facts.Part
		current        *facts.Deployment
		contradictions int
	}{
		"trail and GitHub":          {[]facts.Part{{System: "trail", Section: trail, Recorded: true}, {System: "github", Section: github}}, &live, 0},
		"GitHub and trail":          {[]facts.Part{{System: "github", Section: github}, {System: "trail", Section: trail, Recorded: true}}, &live, 0},
		"a new trail and GitHub":    {[]facts.Part{{System: "trail", Section: empty}, {System: "github", Section: github}}, nil, 0},
		"trail and cluster":         {[]facts.Part{{System: "trail", Section: trail, Recorded: true}, {System: "cluster", Section: cluster}, {System: "github", Section: github}}, &live, 0},
		"an empty cluster":          {[]facts.Part{{System: "empty", Section: nothing}, {System: "trail", Section: trail, Recorded: true}, {System: "github", Section: github}}, &live, 0},
		"two platforms":             {[]facts.Part{{System: "github", Section: github}, {System: "ghe", Section: github}}, nil, 0},
		"a new trail and a history": {[]facts.Part{{System: "trail", Section: empty}, {System: "file", Section: trail}, {System: "github", Section: github}}, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			merged, contradictions, err := facts.Merge(tt.parts)
			if err != nil || len(contradictions) != tt.contradictions {
				t.Fatal(contradictions, err)
			}
			got := merged.(*facts.Production)
			if diff := cmp.Diff(tt.current, got.Current); diff != "" || len(got.Reported) != 1 {
				t.Error(diff, got.Reported)
			}
			if got.Since == nil || got.Since.After(hour(8)) && name != "two platforms" {
				t.Error(got.Since)
			}
		})
	}
}
