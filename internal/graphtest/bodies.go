package graphtest

import (
	"net/http"
	"slices"
	"time"
)

func (s *Server) users(r *http.Request) answer {
	ids, a := asked(r)
	for _, id := range ids {
		u, known := s.Users[id]
		if !known {
			continue
		}
		body := map[string]any{"id": u.ID, "accountEnabled": !u.Disabled, "userType": u.Type, "userPrincipalName": u.Name, "displayName": u.Name}
		if u.Type == "none" { // accounts from before 2014 have none
			body["userType"] = nil
		}
		if u.Object != "" {
			body["@odata.type"] = u.Object
		}
		a.list = append(a.list, body)
	}
	return a
}

func (s *Server) group(r *http.Request) answer {
	g, known := s.Groups[r.PathValue("id")]
	if !known {
		return missing(r.PathValue("id"))
	}
	visibility := any(nil)
	if g.Hidden {
		visibility = "HiddenMembership"
	}
	return answer{body: map[string]any{"@odata.context": s.URL + "/v1.0/$metadata#groups/$entity", "id": g.ID, "visibility": visibility}}
}

// list lists members. Those of a group that hides them need a further permission.
func (s *Server) list(r *http.Request, transitive bool) answer {
	g, known := s.Groups[r.PathValue("id")]
	if !known {
		return missing(r.PathValue("id"))
	}
	a := answer{isList: true}
	if g.Hidden && !slices.Contains(s.Permissions, Hidden) {
		return a
	}
	for _, id := range s.members(g.ID, transitive) {
		a.list = append(a.list, map[string]any{"@odata.type": s.kind(id), "id": id})
	}
	return a
}

func (s *Server) principals(r *http.Request) answer {
	ids, a := asked(r)
	for _, id := range ids {
		if _, known := s.Principals[id]; known {
			a.list = append(a.list, map[string]any{"id": id, "servicePrincipalType": "Application"})
		}
	}
	return a
}

func (s *Server) principal(r *http.Request) answer {
	roles, known := s.Principals[r.PathValue("id")]
	if !known {
		return missing(r.PathValue("id"))
	}
	list := []map[string]any{}
	for _, id := range roles {
		list = append(list, map[string]any{
			"id": id, "allowedMemberTypes": []string{"User"}, "description": "A role", "displayName": "A role", "isEnabled": true, "origin": "Application", "value": "role",
		})
	}
	return answer{body: map[string]any{"id": r.PathValue("id"), "servicePrincipalType": "Application", "appRoles": list}}
}

func (s *Server) appRoleAssignedTo(r *http.Request) answer {
	a := answer{isList: true}
	for _, of := range s.AppAssigned {
		if of.Resource != r.PathValue("id") {
			continue
		}
		kind := map[string]string{"#microsoft.graph.group": "Group", "#microsoft.graph.servicePrincipal": "ServicePrincipal"}[s.kind(of.Principal)]
		if kind == "" {
			kind = "User"
		}
		a.list = append(a.list, map[string]any{
			"id": "41W1zT6z1U-kJxf62svfp1HFE8pMZhxDun-ThPczmJE", "deletedDateTime": nil, "appRoleId": of.Role, "createdDateTime": "2021-02-02T04:22:45.9480566Z",
			"principalDisplayName": "Someone", "principalId": of.Principal, "principalType": kind, "resourceDisplayName": "Deployments", "resourceId": of.Resource,
		})
	}
	return a
}

func (s *Server) roleDefinition(r *http.Request) answer {
	id := r.PathValue("id")
	if !slices.Contains(s.Directory, id) {
		return missing(id)
	}
	return answer{body: map[string]any{"id": id, "isEnabled": true, "displayName": "Role"}}
}

func (s *Server) roleAssignments(r *http.Request) answer {
	match := equalFilter.FindStringSubmatch(r.URL.Query().Get("$filter"))
	if match == nil {
		return refused(http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported Query.")
	}
	a := answer{isList: true}
	for _, of := range s.Assigned {
		if of.Role != match[1] {
			continue
		}
		if of.Scope == "" {
			of.Scope = "/"
		}
		body := map[string]any{
			"id": "lAPpYvVpN0KRkAEhdxReEMmO4KwRqtpKkUWt3wOYIz4-1", "principalId": of.Principal,
			"directoryScopeId": of.Scope, "roleDefinitionId": of.Role,
		}
		if r.URL.Query().Get("$expand") == "principal" {
			body["principal"] = map[string]any{"@odata.type": s.kind(of.Principal), "id": of.Principal}
		}
		a.list = append(a.list, body)
	}
	return a
}

// registration is about users that the report has: new and disabled users are not in it.
func (s *Server) registration(r *http.Request) answer {
	id := r.PathValue("id")
	of, known := s.Registrations[id]
	if u := s.Users[id]; !known || u.Disabled {
		return refused(http.StatusNotFound, "NotFound", "User registration details not found.")
	}
	if of.Updated.IsZero() {
		of.Updated = s.Clock()
	}
	body := map[string]any{
		"id": id, "userPrincipalName": s.Users[id].Name, "userDisplayName": "Someone", "userType": "member", "isAdmin": false,
		"isMfaCapable": of.Capable, "isMfaRegistered": of.Registered, "isPasswordlessCapable": false, "isSsprCapable": false,
		"isSsprEnabled": false, "isSsprRegistered": false, "isSystemPreferredAuthenticationMethodEnabled": true,
		"methodsRegistered": []string{"microsoftAuthenticatorPush"}, "systemPreferredAuthenticationMethods": []string{"push"},
		"userPreferredMethodForSecondaryAuthentication": "push", "lastUpdatedDateTime": of.Updated.UTC().Format(time.RFC3339Nano),
	}
	if s.Wrapped {
		return answer{body: map[string]any{"value": body}}
	}
	return answer{body: body}
}
