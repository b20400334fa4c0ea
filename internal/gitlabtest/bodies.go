package gitlabtest

import (
	"fmt"
	"path"
	"strings"
	"time"
)

// object is a JSON object.
type object map[string]any

// with is an object with the keys of another.
func (o object) with(more object) object {
	for key, value := range more {
		o[key] = value
	}
	return o
}

// stamp is a time as GitLab writes it, with milliseconds.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// past is when everything that tests do not date was made.
var past = stamp(time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC))

// basicBody is an account where it is part of another answer.
func (s *Server) basicBody(a Account) object {
	return object{
		"id": a.ID, "username": a.Username, "name": a.Username, "state": a.State, "locked": false, "public_email": a.Email,
		"avatar_url": nil, "web_url": s.URL + "/" + a.Username,
	}
}

func (s *Server) named(username string) object { return s.basicBody(s.accounts[username]) }

// userBody is an account on its own, as an administrator sees it or as others do.
func (s *Server) userBody(a Account, admin bool) object {
	o := s.basicBody(a).with(object{
		"created_at": past, "bio": "", "location": "", "linkedin": "", "twitter": "", "discord": "", "website_url": "", "github": "",
		"organization": "", "job_title": "", "pronouns": nil, "bot": a.Bot, "work_information": nil, "followers": 0, "following": 0,
		"local_time": nil, "is_followed": false,
	})
	if admin {
		o["two_factor_enabled"], o["is_admin"] = a.TwoFactor, false
	}
	return o
}

func (s *Server) pipelinePage(id int64) string {
	return fmt.Sprintf("%s/%s/-/pipelines/%d", s.URL, s.Project, id)
}

// basicPipeline is a pipeline where it is part of another answer.
func (s *Server) basicPipeline(p *Pipeline) object {
	return object{
		"id": p.ID, "iid": 12, "project_id": 4711, "sha": p.SHA, "ref": "main", "status": "running", "source": p.Source,
		"created_at": stamp(p.Created), "updated_at": stamp(p.Created), "web_url": s.pipelinePage(p.ID),
	}
}

func (s *Server) pipelineBody(p *Pipeline) object {
	return s.basicPipeline(p).with(object{
		"name": nil, "before_sha": strings.Repeat("0", 40), "tag": false, "yaml_errors": nil, "user": s.named(p.User),
		"started_at": stamp(p.Created), "finished_at": nil, "committed_at": nil, "duration": nil, "queued_duration": 1, "coverage": nil,
	})
}

func (s *Server) jobBody(j *job) object {
	p := s.pipelines[j.pipeline]
	return object{
		"id": j.id, "name": j.name, "stage": "deploy", "status": j.status, "ref": "main", "tag": false, "coverage": nil, "allow_failure": false,
		"created_at": stamp(j.created), "started_at": nil, "finished_at": nil, "erased_at": nil, "duration": nil, "queued_duration": nil,
		"user": s.userBody(s.accounts[j.user], false), "commit": s.commitBody(p.SHA), "pipeline": s.basicPipeline(p), "failure_reason": nil,
		"web_url": fmt.Sprintf("%s/%s/-/jobs/%d", s.URL, s.Project, j.id), "project": object{"ci_job_token_scope_enabled": false},
		"artifacts": []any{}, "runner": nil, "artifacts_expire_at": nil, "archived": false, "tag_list": []any{},
	}
}

func (s *Server) deploymentBody(d *deployment) object {
	j := s.job(d.job)
	p := s.pipelines[j.pipeline]
	return object{
		"id": d.id, "iid": d.id - 499, "ref": "main", "sha": p.SHA, "created_at": stamp(d.created), "updated_at": stamp(d.updated),
		"status": d.status, "user": s.named(j.user), "deployable": s.jobBody(j),
		"environment": object{"id": 9, "name": d.environment, "slug": d.environment, "external_url": nil, "created_at": past, "updated_at": past},
	}
}

// extendedBody is a deployment on its own, with what people decided.
func (s *Server) extendedBody(d *deployment) object {
	approvals := []any{}
	for _, a := range d.approvals {
		var comment any
		if a.comment != "" {
			comment = a.comment
		}
		approvals = append(approvals, object{"user": s.named(a.user), "status": a.status, "created_at": stamp(a.at), "comment": comment})
	}
	required := s.required(d.environment)
	o := s.deploymentBody(d).with(object{"pending_approval_count": max(0, required-len(approvals)), "approvals": approvals})
	if s.Rules {
		o["approvals"] = []any{}
		o["approval_summary"] = object{"rules": []any{object{
			"id": 7, "user_id": nil, "group_id": 134, "group_inheritance_type": 0, "access_level": nil, "access_level_description": "approvers",
			"required_approvals": required, "deployment_approvals": approvals,
		}}}
	}
	return o
}

func (s *Server) environmentBody(id int64, name string) object {
	return object{
		"id": id, "name": name, "slug": name, "external_url": nil, "created_at": past, "updated_at": past, "tier": s.Tiers[name],
		"state": "available", "description": nil, "auto_stop_at": nil, "auto_stop_setting": "always",
	}
}

func protectionBody(name string, required int) object {
	rules := []any{}
	if required > 0 {
		rules = append(rules, object{
			"id": 7, "user_id": nil, "group_id": 134, "access_level": nil, "access_level_description": "approvers",
			"required_approvals": required, "group_inheritance_type": 0,
		})
	}
	return object{
		"name": name, "required_approval_count": 0, "approval_rules": rules,
		"deploy_access_levels": []any{object{
			"id": 12, "access_level": 40, "access_level_description": "Maintainers", "user_id": nil, "group_id": nil, "group_inheritance_type": 0,
		}},
	}
}

func (s *Server) commitBody(sha string) object {
	email := s.commits[sha].Email
	if email == "" {
		email = "nobody@example.com"
	}
	return object{
		"id": sha, "short_id": sha[:min(8, len(sha))], "created_at": past, "parent_ids": []any{}, "title": "change", "message": "change",
		"author_name": "author", "author_email": email, "authored_date": past, "committer_name": "author", "committer_email": email,
		"committed_date": past, "trailers": object{}, "extended_trailers": object{}, "web_url": s.URL + "/" + s.Project + "/-/commit/" + sha,
	}
}

func (s *Server) mergeRequestBody(id int64, author string) object {
	return object{
		"id": id, "iid": id, "project_id": 4711, "title": "change", "description": "", "state": "merged", "created_at": past, "updated_at": past,
		"target_branch": "main", "source_branch": "change", "author": s.named(author), "draft": false,
		"web_url": fmt.Sprintf("%s/%s/-/merge_requests/%d", s.URL, s.Project, id),
	}
}

func (s *Server) groupBody(name string) object {
	g := s.Groups[name]
	return object{
		"id": 134, "web_url": s.URL + "/groups/" + name, "name": path.Base(name), "path": path.Base(name), "description": "", "visibility": "private",
		"full_name": strings.ReplaceAll(name, "/", " / "), "full_path": name, "created_at": past, "parent_id": nil, "avatar_url": nil,
		"share_with_group_lock": false, "require_two_factor_authentication": g.Requires, "two_factor_grace_period": g.Grace,
		"request_access_enabled": true,
	}
}

func (s *Server) memberBody(a Account, m Member) object {
	var expires any
	if m.Expires != "" {
		expires = m.Expires
	}
	state := m.State
	if state == "" {
		state = "active"
	}
	return s.basicBody(a).with(object{
		"access_level": m.Level, "created_at": past, "expires_at": expires, "membership_state": state, "group_saml_identity": nil,
	})
}
