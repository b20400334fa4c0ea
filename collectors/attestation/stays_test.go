package attestation

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
)

// stayed is a stay in staging since a time of day; more are further members.
func stayed(since, more string) string {
	return fmt.Sprintf(`{"digest":"DIGEST","service":"app","environment":"staging","deployed_at":"2026-11-24T%s:00Z","restarted_at":null,"verification":null%s}`, since, more)
}

// tested is a test result at a time of day; without one if it is empty.
func tested(result, at string) string {
	if at == "" {
		return fmt.Sprintf(`{"result":%q}`, result)
	}
	return fmt.Sprintf(`{"result":%q,"finished_at":"2026-11-24T%s:00Z"}`, result, at)
}

// in is a predicate in another place.
func in(environment, predicate string) string {
	if strings.Contains(predicate, `"environment"`) {
		return strings.Replace(predicate, `"environment":"staging"`, `"environment":"`+environment+`"`, 1)
	}
	return strings.TrimSuffix(predicate, "}") + `,"service":"app","environment":"` + environment + `"}`
}

// shown are the stays that were read: since and until when, who signed, the result, when
// and who signed it.
func shown(o facts.Observed) string {
	s, ok := o.Section.(*facts.Staging)
	if !ok {
		return fmt.Sprintf("%T", o.Section)
	}
	all := append([]facts.Stay{{
		Environment: s.Environment, DeployedAt: s.DeployedAt, EndedAt: s.EndedAt, AsOf: s.AsOf, VerifiedBy: s.VerifiedBy, Verification: s.Verification,
	}}, s.Earlier...)
	var texts []string
	for _, s := range all {
		text := s.DeployedAt.Format("15:04") + "-"
		if s.AsOf != nil {
			text += s.AsOf.Format("15:04")
		}
		text += " " + or(s.VerifiedBy)
		if s.EndedAt != nil {
			text += " ended " + s.EndedAt.Format("15:04")
		}
		if v := s.Verification; v != nil {
			text += " " + v.Result + " " + v.FinishedAt.Format("15:04") + " " + or(v.VerifiedBy)
		}
		if s.Environment == nil || *s.Environment != "staging" {
			text = or(s.Environment) + " " + text
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

func or(name *string) string {
	if name == nil {
		return "-"
	}
	return *name
}

func TestTheFactsOfStaging(t *testing.T) {
	type made struct{ by, predicate string }
	const trusted, untrusted, nobody = "trusted", "untrusted", "nobody"
	earlier := `,"earlier":[{"digest":"DIGEST","service":"app","environment":"staging","deployed_at":"2026-11-23T01:00:00Z","restarted_at":null,"ended_at":"2026-11-23T09:00:00Z","verification":{"result":"PASSED","finished_at":"2026-11-23T02:00:00Z"}}]`
	inStaging := func(since, passed string) string {
		return fmt.Sprintf(`,"earlier":[{"digest":"DIGEST","service":"app","environment":"staging","deployed_at":"2026-11-24T%s:00Z","restarted_at":null,"ended_at":null,"verification":{"result":"PASSED","finished_at":"2026-11-24T%s:00Z"}}]`, since, passed)
	}
	own := func(result, at string) string {
		return strings.Replace(stayed("09:00", ""), `"verification":null`, `"verification":`+tested(result, at), 1)
	}
	for called, tt := range map[string]struct {
		statements  []made
		want, fails string
	}{
		"a signed stay and result":   {[]made{{trusted, stayed("09:00", "")}, {trusted, tested("PASSED", "11:00")}}, "09:00-11:00 release-2026 PASSED 11:00 release-2026", ""},
		"the time of the statement":  {[]made{{trusted, stayed("09:00", `,"as_of":"2026-11-24T15:00:00Z"`)}, {trusted, tested("PASSED", "11:00")}}, "09:00-15:00 release-2026 PASSED 11:00 release-2026", ""},
		"two statements of one stay": {[]made{{trusted, stayed("09:00", "")}, {trusted, stayed("09:00", `,"as_of":"2026-11-24T15:00:00Z"`)}}, "09:00-15:00 release-2026", ""},
		"a stay that ended":          {[]made{{trusted, stayed("09:00", "")}, {trusted, stayed("09:00", `,"ended_at":"2026-11-24T10:00:00Z"`)}, {trusted, tested("PASSED", "11:00")}}, "09:00-11:00 release-2026 ended 10:00 PASSED 11:00 release-2026", ""},
		"a writer in a statement":    {[]made{{nobody, stayed("09:00", `,"id":"1","writer":"repo:acme/app","assurance":"ci"`)}}, "", "is what the audit trail records"},
		"entries in a statement":     {[]made{{trusted, stayed("09:00", `,"verifications":[]`)}}, "", "is what the audit trail records"},
		"a signed redeployment":      {[]made{{trusted, own("PASSED", "10:00")}, {trusted, stayed("12:00", "")}}, "12:00-12:00 release-2026 PASSED 10:00 release-2026", ""},
		"the result in the stay":     {[]made{{trusted, own("PASSED", "10:00")}}, "09:00-10:00 release-2026 PASSED 10:00 release-2026", ""},
		"an earlier stay":            {[]made{{trusted, stayed("09:00", earlier)}}, "09:00-09:00 release-2026 PASSED 02:00 release-2026, 01:00-09:00 release-2026 ended 09:00", ""},

		"the latest result counts":  {[]made{{trusted, stayed("09:00", "")}, {trusted, tested("PASSED", "12:00")}, {trusted, tested("FAILED", "11:00")}}, "09:00-12:00 release-2026 PASSED 12:00 release-2026", ""},
		"the latest result is bad":  {[]made{{trusted, stayed("09:00", "")}, {trusted, tested("PASSED", "11:00")}, {trusted, tested("FAILED", "12:00")}}, "09:00-12:00 release-2026 FAILED 12:00 release-2026", ""},
		"both at once":              {[]made{{trusted, stayed("09:00", "")}, {trusted, tested("PASSED", "11:00")}, {trusted, tested("WARNED", "11:00")}}, "09:00-11:00 release-2026 WARNED 11:00 release-2026", ""},
		"a failure before the stay": {[]made{{trusted, stayed("09:00", "")}, {trusted, tested("FAILED", "08:00")}, {trusted, tested("PASSED", "11:00")}}, "09:00-11:00 release-2026 PASSED 11:00 release-2026", ""},
		"a failure of unknown time": {[]made{{trusted, stayed("09:00", "")}, {trusted, tested("FAILED", "")}, {trusted, tested("PASSED", "11:00")}}, "09:00-09:00 release-2026 FAILED 17:00 release-2026", ""},
		"a result of unknown time":  {[]made{{trusted, stayed("09:00", "")}, {trusted, tested("PASSED", "")}}, "09:00-09:00 release-2026", ""},
		"a result without a word":   {[]made{{trusted, stayed("09:00", "")}, {trusted, `{}`}}, "09:00-09:00 release-2026  17:00 release-2026", ""},

		"two places and a result of one":          {[]made{{trusted, stayed("09:00", "")}, {trusted, in("uat", stayed("10:00", ""))}, {trusted, in("uat", tested("PASSED", "11:00"))}}, "uat 10:00-11:00 release-2026 PASSED 11:00 release-2026, 09:00-09:00 release-2026", ""},
		"two places and a good result of neither": {[]made{{trusted, stayed("09:00", "")}, {trusted, in("uat", stayed("10:00", ""))}, {trusted, tested("PASSED", "11:00")}}, "uat 10:00-10:00 release-2026, 09:00-09:00 release-2026", ""},
		"two places and a bad result of neither":  {[]made{{trusted, stayed("09:00", "")}, {trusted, in("uat", stayed("10:00", ""))}, {trusted, tested("FAILED", "11:00")}}, "uat 10:00-11:00 release-2026 FAILED 11:00 release-2026, 09:00-11:00 release-2026 FAILED 11:00 release-2026", ""},
		"a result of another place":               {[]made{{trusted, stayed("09:00", "")}, {trusted, in("uat", tested("PASSED", "11:00"))}}, "09:00-09:00 release-2026", ""},
		"a failure in another place":              {[]made{{trusted, stayed("09:00", "")}, {trusted, tested("PASSED", "11:00")}, {nobody, in("uat", tested("FAILED", "12:00"))}}, "uat 12:00-12:00 - FAILED 12:00 -, 09:00-11:00 release-2026 PASSED 11:00 release-2026", ""},
		"a stay without a place":                  {[]made{{trusted, strings.Replace(stayed("09:00", ""), `"environment":"staging",`, "", 1)}, {trusted, tested("PASSED", "11:00")}}, "- 09:00-09:00 -", ""},
		"an earlier stay without a place":         {[]made{{trusted, stayed("09:00", strings.Replace(earlier, `"environment":"staging",`, "", 1))}}, "09:00-09:00 release-2026, - 01:00-01:00 - ended 09:00", ""},

		"a failure of an earlier stay in another place":                 {[]made{{trusted, in("uat", stayed("12:00", inStaging("05:00", "06:00")))}, {trusted, tested("FAILED", "11:00")}}, "uat 12:00-12:00 release-2026, 05:00-11:00 release-2026 FAILED 11:00 release-2026", ""},
		"a newer failure of unknown place":                              {[]made{{trusted, in("uat", stayed("12:00", inStaging("05:00", "06:00")))}, {trusted, tested("FAILED", "13:00")}}, "uat 12:00-13:00 release-2026 FAILED 13:00 release-2026, 05:00-13:00 release-2026 FAILED 13:00 release-2026", ""},
		"a failure of the earlier stay, which is newer":                 {[]made{{trusted, stayed("03:00", `,"ended_at":"2026-11-24T04:00:00Z"`+inStaging("05:00", "06:00"))}, {trusted, in("staging", tested("FAILED", "07:00"))}}, "05:00-07:00 release-2026 FAILED 07:00 release-2026, 03:00-04:00 release-2026 ended 04:00", ""},
		"a good result of unknown place, and an earlier stay elsewhere": {[]made{{trusted, stayed("09:00", strings.ReplaceAll(inStaging("05:00", "06:00"), "staging", "uat"))}, {trusted, tested("PASSED", "11:00")}}, "09:00-09:00 release-2026, uat 05:00-06:00 release-2026 PASSED 06:00 release-2026", ""},
		"a good result of unknown place, and results elsewhere":         {[]made{{trusted, stayed("09:00", "")}, {trusted, in("uat", tested("PASSED", "10:00"))}, {trusted, tested("PASSED", "11:00")}}, "09:00-09:00 release-2026", ""},
		"another digest in an earlier stay":                             {[]made{{trusted, stayed("03:00", strings.Replace(inStaging("05:00", "06:00"), "DIGEST", foreign, 1))}}, "05:00-05:00 release-2026, 03:00-03:00 release-2026", ""},
		"an unsigned failure in the future":                             {[]made{{trusted, stayed("09:00", "")}, {trusted, tested("PASSED", "11:00")}, {nobody, in("uat", tested("FAILED", "23:00"))}}, "uat 17:00-17:00 - FAILED 17:00 -, 09:00-11:00 release-2026 PASSED 11:00 release-2026", ""},
		"an unsigned deployment in the future":                          {[]made{{trusted, stayed("09:00", "")}, {nobody, stayed("23:00", "")}}, "17:00-09:00 release-2026", ""},
		"a signed statement of the future":                              {[]made{{trusted, stayed("09:00", `,"as_of":"2026-11-24T23:00:00Z"`)}}, "09:00-17:00 release-2026", ""},

		"an unsigned stay before":             {[]made{{trusted, stayed("09:00", "")}, {nobody, stayed("08:00", "")}}, "09:00-09:00 release-2026", ""},
		"an unsigned stay after":              {[]made{{trusted, stayed("09:00", "")}, {untrusted, stayed("12:00", "")}, {trusted, tested("PASSED", "11:00")}}, "12:00-11:00 release-2026 PASSED 11:00 release-2026", ""},
		"an unsigned end":                     {[]made{{trusted, stayed("09:00", "")}, {nobody, stayed("09:00", `,"ended_at":"2026-11-24T10:00:00Z"`)}}, "09:00-09:00 release-2026 ended 10:00", ""},
		"an unsigned time of the statement":   {[]made{{trusted, stayed("09:00", "")}, {nobody, stayed("09:00", `,"as_of":"2026-11-24T15:00:00Z"`)}}, "09:00-09:00 release-2026", ""},
		"unsigned results":                    {[]made{{trusted, stayed("09:00", "")}, {nobody, tested("PASSED", "11:00")}, {untrusted, own("PASSED", "10:00")}}, "09:00-09:00 release-2026", ""},
		"an unsigned failure":                 {[]made{{trusted, stayed("09:00", "")}, {trusted, tested("PASSED", "11:00")}, {nobody, tested("FAILED", "")}}, "09:00-09:00 release-2026 FAILED 17:00 -", ""},
		"an unsigned failure, then a success": {[]made{{trusted, stayed("09:00", "")}, {nobody, tested("FAILED", "10:00")}, {trusted, tested("PASSED", "11:00")}}, "09:00-11:00 release-2026 PASSED 11:00 release-2026", ""},
		"an unsigned failure in a stay":       {[]made{{trusted, stayed("09:00", "")}, {trusted, tested("PASSED", "09:30")}, {nobody, own("FAILED", "10:00")}}, "09:00-09:00 release-2026 FAILED 10:00 -", ""},
		"nothing signed":                      {[]made{{nobody, own("PASSED", "10:00")}, {untrusted, tested("PASSED", "11:00")}}, "09:00-09:00 -", ""},
		"a failure alone":                     {[]made{{trusted, tested("FAILED", "11:00")}}, "- 11:00-11:00 - FAILED 11:00 release-2026", ""},

		"a stay of the statement's digest": {[]made{{trusted, strings.Replace(stayed("09:00", ""), `"digest":"DIGEST",`, "", 1)}}, "09:00-09:00 release-2026", ""},

		"nothing":                  {[]made{{trusted, `{"deployed_at":1}`}}, "", "deployed_at"},
		"a result alone":           {[]made{{trusted, tested("PASSED", "11:00")}}, "", "no statement of a stay"},
		"a stay of another digest": {[]made{{trusted, strings.Replace(stayed("09:00", ""), "DIGEST", foreign, 1)}}, "", "the stay is of " + foreign},
		"who verified it":          {[]made{{trusted, stayed("09:00", `,"verified_by":"release-2026"`)}}, "", "verified_by"},
		"who verified the result":  {[]made{{trusted, strings.Replace(own("PASSED", "10:00"), `"PASSED"`, `"PASSED","verified_by":"me"`, 1)}}, "", "verified_by"},
		"an unknown key":           {[]made{{trusted, stayed("09:00", `,"as_off":"2026-11-24T15:00:00Z"`)}}, "", "as_off"},
	} {
		t.Run(called, func(t *testing.T) {
			i := newImage(t)
			for _, made := range tt.statements {
				key, of := i.trusted, TypeStaging
				switch made.by {
				case untrusted:
					key = i.untrusted
				case nobody:
					key = nil
				}
				if !strings.Contains(made.predicate, "deployed_at") {
					of = TypeTestResult
				}
				i.attach(key, of, strings.ReplaceAll(made.predicate, "DIGEST", i.digest))
			}
			got, err := i.collect("staging")
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Errorf("%s, %v; want an error with %q", shown(got), err, tt.fails)
				}
				return
			}
			must(t, err)
			if diff := cmp.Diff(tt.want, shown(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A good result that counts for nothing is listed with the reason.
func TestResultsThatDoNotCountAreExplained(t *testing.T) {
	for called, tt := range map[string]struct {
		predicates []string
		want       string
	}{
		"no time":           {[]string{stayed("09:00", ""), tested("PASSED", "")}, "it does not say when the tests finished"},
		"another place":     {[]string{stayed("09:00", ""), in("stagin", tested("PASSED", "11:00"))}, "there is no signed statement of a stay in its service and environment"},
		"of several places": {[]string{stayed("09:00", ""), in("uat", stayed("10:00", "")), tested("PASSED", "11:00")}, "it does not name service and environment, and there are several"},
		"a nameless stay":   {[]string{stayed("09:00", ""), strings.Replace(stayed("10:00", ""), `"service":"app",`, "", 1)}, "it does not name service and environment of the stay"},
	} {
		t.Run(called, func(t *testing.T) {
			i := newImage(t)
			for _, predicate := range tt.predicates {
				of := TypeStaging
				if !strings.Contains(predicate, "deployed_at") {
					of = TypeTestResult
				}
				i.attach(i.trusted, of, strings.ReplaceAll(predicate, "DIGEST", i.digest))
			}
			got, err := i.collect("staging")
			must(t, err)
			if len(got.Unverified) != 1 || !strings.Contains(got.Unverified[0].Reason, tt.want) {
				t.Errorf("%+v, want %q", got.Unverified, tt.want)
			}
		})
	}
}

// forged are the keys of a stay that only a trail or a platform knows.
var forged = map[string]string{
	"id": `"x"`, "seq": "1", "writer": `"repo:acme/app"`, "assurance": `"oidc"`, "complete": "true", "reported": "[]", "reported_since": `"2026-11-24T07:00:00Z"`,
	"verifications": `[{"digest":"DIGEST","service":"app","environment":"staging","result":"PASSED","at":"2026-11-24T11:00:00Z","id":"y","seq":2,"writer":"repo:acme/app","assurance":"oidc"}]`,
}

func TestAStatementHasNoEntries(t *testing.T) {
	for key, value := range forged {
		member := `,"` + key + `":` + value
		for where, predicate := range map[string]string{key: stayed("09:00", member), "earlier[0]." + key: stayed("09:00", `,"earlier":[`+stayed("08:00", `,"ended_at":null`+member)+"]")} {
			for _, signed := range []bool{false, true} {
				i := newImage(t)
				signer := i.trusted
				if !signed {
					signer = nil
				}
				i.attach(signer, TypeStaging, strings.ReplaceAll(predicate, "DIGEST", i.digest))
				if got, err := i.collect("staging"); err == nil || !strings.Contains(err.Error(), where+" is what ") {
					t.Errorf("%s: %s, %v", where, shown(got), err)
				}
			}
		}
	}
}

// Should a statement be decoded that says so, nothing of it is taken over.
func TestAReaderTakesOverNoEntries(t *testing.T) {
	now := time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)
	name, one, yes, oidc := "x", 1, true, facts.AssuranceOIDC
	stay := facts.Staging{
		Digest: foreign, DeployedAt: now, ID: &name, Seq: &one, Writer: &name, Assurance: &oidc, Complete: &yes,
		Verifications: []facts.RecordedVerification{{ID: "y"}}, Reported: []facts.ReportedDeployment{{ID: "1"}}, ReportedSince: &now,
	}
	r := stayReader{digest: foreign, now: now}
	r.add(&statement{}, stay)
	if diff := cmp.Diff([]facts.Staging{{Digest: foreign, DeployedAt: now, AsOf: &now}}, r.stays); diff != "" {
		t.Error(diff)
	}
}
