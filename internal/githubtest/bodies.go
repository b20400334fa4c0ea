package githubtest

import (
	"fmt"
	"strings"
	"time"
)

// object is a JSON object.
type object map[string]any

// links adds keys whose values are addresses below an address.
func (o object) links(base string, keys ...string) object {
	for _, key := range keys {
		o[key] = base + "/" + strings.TrimSuffix(key, "_url")
	}
	return o
}

func stamp(at time.Time) string { return at.UTC().Truncate(time.Second).Format(time.RFC3339) }

// past is when everything that tests do not date was made.
var past = stamp(time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC))

func (s *Server) account(login string) object {
	a := s.accounts[login]
	base := s.URL + "/users/" + a.Login
	return object{
		"id": a.ID, "login": a.Login, "type": a.Type, "node_id": fmt.Sprintf("U_%d", a.ID), "gravatar_id": "", "site_admin": false,
		"url": base, "html_url": s.URL + "/" + a.Login, "user_view_type": "public",
	}.links(base, "avatar_url", "events_url", "followers_url", "following_url", "gists_url", "organizations_url",
		"received_events_url", "repos_url", "starred_url", "subscriptions_url")
}

func (s *Server) repository() object {
	base := s.URL + "/repos/" + s.FullName()
	return object{
		"id": 1296269, "node_id": "R_1296269", "name": s.Repository, "full_name": s.FullName(), "private": true, "fork": false,
		"description": nil, "url": base, "html_url": s.URL + "/" + s.FullName(), "owner": s.owner(),
	}.links(base, "archive_url", "assignees_url", "blobs_url", "branches_url", "collaborators_url", "comments_url",
		"commits_url", "compare_url", "contents_url", "contributors_url", "deployments_url", "downloads_url", "events_url",
		"forks_url", "git_commits_url", "git_refs_url", "git_tags_url", "hooks_url", "issue_comment_url", "issue_events_url",
		"issues_url", "keys_url", "labels_url", "languages_url", "merges_url", "milestones_url", "notifications_url",
		"pulls_url", "releases_url", "stargazers_url", "statuses_url", "subscribers_url", "subscription_url", "tags_url",
		"teams_url", "trees_url")
}

// owner is the organization as the owner of the repository.
func (s *Server) owner() object {
	base := s.URL + "/users/" + s.Organization
	return object{
		"id": 6811672, "login": s.Organization, "type": "Organization", "node_id": "O_6811672", "gravatar_id": "", "site_admin": false,
		"url": base, "html_url": s.URL + "/" + s.Organization,
	}.links(base, "avatar_url", "events_url", "followers_url", "following_url", "gists_url", "organizations_url",
		"received_events_url", "repos_url", "starred_url", "subscriptions_url")
}

func (s *Server) runBody(r *Run) object {
	base := fmt.Sprintf("%s/repos/%s/actions/runs/%d", s.URL, s.FullName(), r.ID)
	return object{
		"id": r.ID, "node_id": fmt.Sprintf("WFR_%d", r.ID), "name": "deploy", "path": ".github/workflows/deploy.yml",
		"head_branch": "main", "head_sha": r.SHA, "run_number": 12, "run_attempt": r.Attempt, "display_title": "deploy",
		"event": r.Event, "status": "waiting", "conclusion": nil, "workflow_id": 161335, "check_suite_id": 42,
		"url": base, "html_url": s.jobs(r.ID), "pull_requests": []any{}, "created_at": stamp(r.Created), "updated_at": stamp(s.Clock()),
		"run_started_at": stamp(r.Started), "actor": s.account(r.Actor), "triggering_actor": s.account(r.TriggeringActor),
		"head_commit": object{
			"id": r.SHA, "tree_id": r.SHA, "message": "change", "timestamp": stamp(r.Created),
			"author":    object{"name": r.Actor, "email": r.Actor + "@example.com"},
			"committer": object{"name": "GitHub", "email": "noreply@github.com"},
		},
		"repository": s.repository(), "head_repository": s.repository(),
	}.links(base, "jobs_url", "logs_url", "check_suite_url", "cancel_url", "rerun_url", "artifacts_url", "workflow_url")
}

// jobs is the page of a run.
func (s *Server) jobs(run int64) string {
	return fmt.Sprintf("%s/%s/actions/runs/%d", s.URL, s.FullName(), run)
}

func (s *Server) reviewBody(v review) object {
	environments := []any{}
	for i, name := range v.environments {
		address := s.URL + "/repos/" + s.FullName() + "/environments/" + name
		environments = append(environments, object{
			"id": 161088068 + i, "node_id": "EN_1", "name": name, "url": address, "html_url": address, "created_at": past, "updated_at": past,
		})
	}
	return object{"state": v.state, "comment": v.comment, "user": s.account(v.login), "environments": environments}
}

func (s *Server) environmentBody(name string) object {
	address := s.URL + "/repos/" + s.FullName() + "/environments/" + name
	rules := []any{object{"id": 3736, "node_id": "GA_3736", "type": "wait_timer", "wait_timer": 30}}
	if teams := s.Reviewers[name]; len(teams) > 0 {
		reviewers := []any{}
		for _, team := range teams {
			reviewers = append(reviewers, object{"type": "Team", "reviewer": s.shortTeam(team)})
		}
		rules = append(rules, object{"id": 3755, "node_id": "GA_3755", "type": "required_reviewers", "prevent_self_review": true, "reviewers": reviewers})
	}
	return object{
		"id": 161088068, "node_id": "EN_161088068", "name": name, "url": address, "html_url": address, "created_at": past, "updated_at": past,
		"protection_rules": rules, "deployment_branch_policy": nil,
	}
}

func (s *Server) shortTeam(slug string) object {
	base := s.URL + "/orgs/" + s.Organization + "/teams/" + slug
	return object{
		"id": 1, "node_id": "T_1", "name": slug, "slug": slug, "description": nil, "privacy": "closed", "permission": "pull",
		"notification_setting": "notifications_enabled", "parent": nil, "url": base, "html_url": base, "type": "organization",
	}.links(base, "members_url", "repositories_url")
}

func (s *Server) teamBody(slug string) object {
	team := s.shortTeam(slug)
	team["created_at"], team["updated_at"], team["members_count"], team["repos_count"] = past, past, len(s.Teams[slug]), 1
	team["organization"] = s.organizationBody(false)
	return team
}

// organizationBody is the organization as its owners see it, or as others do.
func (s *Server) organizationBody(owner bool) object {
	base := s.URL + "/orgs/" + s.Organization
	o := object{
		"login": s.Organization, "id": 6811672, "node_id": "O_6811672", "url": base, "html_url": s.URL + "/" + s.Organization,
		"description": nil, "has_organization_projects": true, "has_repository_projects": true, "public_repos": 1, "public_gists": 0,
		"followers": 0, "following": 0, "type": "Organization", "created_at": past, "updated_at": past, "archived_at": nil,
	}.links(base, "repos_url", "events_url", "hooks_url", "issues_url", "members_url", "public_members_url", "avatar_url")
	if owner {
		o["two_factor_requirement_enabled"] = s.TwoFactor
	}
	return o
}

func (s *Server) deploymentBody(d *deployment) object {
	base := fmt.Sprintf("%s/repos/%s/deployments/%d", s.URL, s.FullName(), d.id)
	payload, updated := d.payload, d.created
	if payload == nil {
		payload = object{}
	}
	if n := len(d.statuses); n > 0 {
		updated = d.statuses[n-1].at
	}
	return object{
		"id": d.id, "node_id": fmt.Sprintf("DE_%d", d.id), "sha": d.sha, "ref": "main", "task": "deploy", "payload": payload,
		"original_environment": d.environment, "environment": d.environment, "description": nil, "creator": nil,
		"created_at": stamp(d.created), "updated_at": stamp(updated), "url": base,
		"transient_environment": false, "production_environment": true, "performed_via_github_app": nil,
		"repository_url": s.URL + "/repos/" + s.FullName(),
	}.links(base, "statuses_url")
}

func (s *Server) statusBody(d *deployment, i int) object {
	base := fmt.Sprintf("%s/repos/%s/deployments/%d", s.URL, s.FullName(), d.id)
	page := "" // of a deployment by the API
	if d.statuses[i].page != "" {
		page = d.statuses[i].page
	} else if d.run != 0 {
		page = fmt.Sprintf("%s/job/%d", s.jobs(d.run), d.id)
	}
	at := stamp(d.statuses[i].at)
	return object{
		"id": d.id*10 + int64(i), "node_id": fmt.Sprintf("DES_%d", i), "state": d.statuses[i].state, "creator": nil, "description": "",
		"environment": d.environment, "target_url": page, "log_url": page, "environment_url": "", "created_at": at, "updated_at": at,
		"url": fmt.Sprintf("%s/statuses/%d", base, d.id*10+int64(i)), "deployment_url": base, "repository_url": s.URL + "/repos/" + s.FullName(),
		"performed_via_github_app": nil,
	}
}

func (s *Server) commitBody(sha, login string) object {
	base := s.URL + "/repos/" + s.FullName() + "/commits/" + sha
	person := object{"name": login, "email": login + "@example.com", "date": past}
	o := object{
		"sha": sha, "node_id": "C_" + sha, "url": base, "html_url": base, "parents": []any{}, "author": nil, "committer": nil,
		"commit": object{
			"url": base, "author": person, "committer": person, "message": "change", "comment_count": 0,
			"tree": object{"sha": sha, "url": base},
		},
	}.links(base, "comments_url")
	if login != "" {
		o["author"] = s.account(login)
	}
	return o
}
