package model

import "strings"

// Endpoint is a row of the REST contract: a request, the row of R60's table
// that it passes, and what it does. Doors attach handlers to it; explain and
// the console answer from it for any request.
type Endpoint struct {
	Method string // GET also answers HEAD (A8)
	Route  string // below /api/v4; parts that start with ":" match one part of a path
	Access Access
	Action Action
	Place  PlaceKind // the kind of :id
	User   bool      // needs a user: 401 without credentials (A27)
}

// Endpoints is the table, in the order of the contract. Where the action depends
// on what the request names beside its path, such as the group that a new
// project goes into, it is NoAction: the use case decides.
var Endpoints = []Endpoint{
	// Project access tokens: A41 to A46.
	{"GET", "/projects/:id/access_tokens", RESTRead, ListTokens, ProjectPlace, true},
	{"GET", "/projects/:id/access_tokens/:token_id", RESTRead, ReadToken, ProjectPlace, true},
	{"POST", "/projects/:id/access_tokens", RESTWrite, CreateToken, ProjectPlace, true},
	{"DELETE", "/projects/:id/access_tokens/:token_id", RESTWrite, RevokeToken, ProjectPlace, true},
	{"POST", "/projects/:id/access_tokens/:token_id/rotate", RESTWrite, RotateToken, ProjectPlace, true},
	{"POST", "/projects/:id/access_tokens/self/rotate", SelfRotation, RotateSelf, ProjectPlace, true},

	// Group access tokens: A50.
	{"GET", "/groups/:id/access_tokens", RESTRead, ListTokens, GroupPlace, true},
	{"GET", "/groups/:id/access_tokens/:token_id", RESTRead, ReadToken, GroupPlace, true},
	{"POST", "/groups/:id/access_tokens", RESTWrite, CreateToken, GroupPlace, true},
	{"DELETE", "/groups/:id/access_tokens/:token_id", RESTWrite, RevokeToken, GroupPlace, true},
	{"POST", "/groups/:id/access_tokens/:token_id/rotate", RESTWrite, RotateToken, GroupPlace, true},
	{"POST", "/groups/:id/access_tokens/self/rotate", SelfRotation, RotateSelf, GroupPlace, true},

	// Personal tokens, and any token by its number: A56 to A64.
	{"GET", "/personal_access_tokens", RESTRead, NoAction, NoPlace, true},
	{"GET", "/personal_access_tokens/:id", RESTRead, ReadToken, NoPlace, true},
	{"DELETE", "/personal_access_tokens/:id", RESTWrite, RevokeToken, NoPlace, true},
	{"POST", "/personal_access_tokens/:id/rotate", RESTWrite, RotateToken, NoPlace, true},
	{"GET", "/personal_access_tokens/self", SelfAccess, ReadSelf, NoPlace, true},
	{"DELETE", "/personal_access_tokens/self", SelfAccess, RevokeSelf, NoPlace, true},
	{"POST", "/personal_access_tokens/self/rotate", SelfRotation, RotateSelf, NoPlace, true},
	{"GET", "/personal_access_tokens/self/associations", SelfAccess, ReadSelf, NoPlace, true},
	{"GET", "/users/:user_id/personal_access_tokens", RESTRead, NoAction, NoPlace, true},
	{"POST", "/users/:user_id/personal_access_tokens", RESTWrite, Administer, NoPlace, true},
	{"POST", "/user/personal_access_tokens", RESTWrite, CreateToken, NoPlace, true},

	// Users: A71 to A77.
	{"GET", "/user", RESTUser, NoAction, NoPlace, true},
	{"GET", "/users", RESTUser, NoAction, NoPlace, true},
	{"GET", "/users/:id", RESTUser, NoAction, NoPlace, true},
	{"POST", "/users", RESTWrite, Administer, NoPlace, true},
	{"PUT", "/users/:id", RESTWrite, Administer, NoPlace, true},
	{"DELETE", "/users/:id", RESTWrite, Administer, NoPlace, true},
	{"POST", "/users/:id/block", RESTWrite, Administer, NoPlace, true},
	{"POST", "/users/:id/unblock", RESTWrite, Administer, NoPlace, true},
	// Projects: A81 to A85.
	{"GET", "/projects", RESTRead, SeeProject, NoPlace, false},
	{"GET", "/projects/:id", RESTRead, SeeProject, ProjectPlace, false},
	{"POST", "/projects", RESTWrite, NoAction, NoPlace, true},
	{"PUT", "/projects/:id", RESTWrite, EditProject, ProjectPlace, true},
	{"DELETE", "/projects/:id", RESTWrite, DeleteProject, ProjectPlace, true},

	// Groups and namespaces: A91 to A97.
	{"GET", "/groups", RESTRead, SeeGroup, NoPlace, false},
	{"GET", "/groups/:id", RESTRead, SeeGroup, GroupPlace, false},
	{"GET", "/groups/:id/projects", RESTRead, SeeGroup, GroupPlace, false},
	{"GET", "/groups/:id/subgroups", RESTRead, SeeGroup, GroupPlace, false},
	{"GET", "/groups/:id/descendant_groups", RESTRead, SeeGroup, GroupPlace, false},
	{"POST", "/groups", RESTWrite, NoAction, NoPlace, true},
	{"PUT", "/groups/:id", RESTWrite, EditGroup, GroupPlace, true},
	{"DELETE", "/groups/:id", RESTWrite, EditGroup, GroupPlace, true},
	{"GET", "/namespaces", RESTRead, NoAction, NoPlace, true},
	{"GET", "/namespaces/:id", RESTRead, SeeGroup, GroupPlace, true},

	// Members: A101 to A107.
	{"GET", "/projects/:id/members", RESTRead, SeeMembers, ProjectPlace, true},
	{"GET", "/projects/:id/members/all", RESTRead, SeeMembers, ProjectPlace, true},
	{"GET", "/projects/:id/members/:user_id", RESTRead, SeeMembers, ProjectPlace, true},
	{"GET", "/projects/:id/members/all/:user_id", RESTRead, SeeMembers, ProjectPlace, true},
	{"POST", "/projects/:id/members", RESTWrite, AddMember, ProjectPlace, true},
	{"PUT", "/projects/:id/members/:user_id", RESTWrite, ChangeMember, ProjectPlace, true},
	{"DELETE", "/projects/:id/members/:user_id", RESTWrite, RemoveMember, ProjectPlace, true},
	{"GET", "/groups/:id/members", RESTRead, SeeGroupMembers, GroupPlace, true},
	{"GET", "/groups/:id/members/all", RESTRead, SeeGroupMembers, GroupPlace, true},
	{"GET", "/groups/:id/members/:user_id", RESTRead, SeeGroupMembers, GroupPlace, true},
	{"GET", "/groups/:id/members/all/:user_id", RESTRead, SeeGroupMembers, GroupPlace, true},
	{"POST", "/groups/:id/members", RESTWrite, AddMember, GroupPlace, true},
	{"PUT", "/groups/:id/members/:user_id", RESTWrite, ChangeMember, GroupPlace, true},
	{"DELETE", "/groups/:id/members/:user_id", RESTWrite, RemoveMember, GroupPlace, true},

	// Generic packages: git.md G70 to G73.
	{"PUT", "/projects/:id/packages/generic/:package_name/:package_version/:file_name", PackagePublish, PushPackage, ProjectPlace, true},
	{"GET", "/projects/:id/packages/generic/:package_name/:package_version/:file_name", PackageDownload, PullPackage, ProjectPlace, false},
	{"GET", "/projects/:id/packages", PackageDownload, PullPackage, ProjectPlace, false},
	{"GET", "/projects/:id/packages/:package_id/package_files", PackageDownload, PullPackage, ProjectPlace, false},
	{"DELETE", "/projects/:id/packages/:package_id", PackagePublish, DeletePackage, ProjectPlace, true},

	// Issues and notes: A110 to A113.
	{"GET", "/projects/:id/issues", RESTRead, SeeProject, ProjectPlace, false},
	{"GET", "/projects/:id/issues/:iid", RESTRead, SeeProject, ProjectPlace, false},
	{"POST", "/projects/:id/issues", RESTWrite, CreateRecord, ProjectPlace, true},
	{"PUT", "/projects/:id/issues/:iid", RESTWrite, EditRecord, ProjectPlace, true},
	{"GET", "/projects/:id/issues/:iid/notes", RESTRead, SeeProject, ProjectPlace, false},
	{"POST", "/projects/:id/issues/:iid/notes", RESTWrite, CreateRecord, ProjectPlace, true},

	// Runners: A120, A121.
	{"POST", "/user/runners", RunnerCreation, NoAction, NoPlace, true},
	{"GET", "/projects/:id/runners", RESTRead, EditProject, ProjectPlace, true},
	{"GET", "/groups/:id/runners", RESTRead, EditGroup, GroupPlace, true},
	{"GET", "/runners", RESTRead, NoAction, NoPlace, true},
	{"GET", "/runners/all", RESTRead, Administer, NoPlace, true},
	{"GET", "/runners/:id", RESTRead, NoAction, NoPlace, true},
	{"DELETE", "/runners/:id", RESTWrite, NoAction, NoPlace, true},

	// The repository: A130 to A137.
	{"GET", "/projects/:id/repository/branches", RESTRead, ReadCode, ProjectPlace, false},
	{"GET", "/projects/:id/repository/branches/:name", RESTRead, ReadCode, ProjectPlace, false},
	{"GET", "/projects/:id/repository/tags", RESTRead, ReadCode, ProjectPlace, false},
	{"GET", "/projects/:id/repository/tags/:name", RESTRead, ReadCode, ProjectPlace, false},
	{"GET", "/projects/:id/repository/tree", RESTRead, ReadCode, ProjectPlace, false},
	{"GET", "/projects/:id/repository/files/:file_path", RESTFiles, ReadCode, ProjectPlace, false},
	{"GET", "/projects/:id/repository/files/:file_path/raw", RESTFiles, ReadCode, ProjectPlace, false},
	{"GET", "/projects/:id/repository/blobs/:sha/raw", RESTRead, ReadCode, ProjectPlace, false},
	{"GET", "/projects/:id/repository/commits", RESTRead, ReadCode, ProjectPlace, false},
	{"GET", "/projects/:id/repository/commits/:sha", RESTRead, ReadCode, ProjectPlace, false},

	// The instance: A140 to A147.
	{"GET", "/version", RESTUser, NoAction, NoPlace, true},
	{"GET", "/metadata", RESTUser, NoAction, NoPlace, true},
	{"GET", "/application/settings", RESTRead, ReadInstance, NoPlace, true},
	{"PUT", "/application/settings", RESTWrite, Administer, NoPlace, true},
	{"GET", "/features", RESTRead, ReadInstance, NoPlace, true},
	{"GET", "/features/definitions", RESTRead, ReadInstance, NoPlace, true},
	{"POST", "/features/:name", RESTWrite, Administer, NoPlace, true},
	{"DELETE", "/features/:name", RESTWrite, Administer, NoPlace, true},
}

// route is an endpoint with its route in parts.
type route struct {
	*Endpoint
	parts []string
}

// routes are the endpoints by the number of parts that their routes have.
var routes = splitRoutes()

func splitRoutes() map[int][]route {
	byLength := map[int][]route{}
	for i := range Endpoints {
		parts := strings.Split(Endpoints[i].Route[1:], "/")
		byLength[len(parts)] = append(byLength[len(parts)], route{&Endpoints[i], parts})
	}
	return byLength
}

// Match finds the endpoint for a method and the parts of a path below /api/v4,
// each still URL-encoded. The methods are those that the path allows: none, the
// path is unknown. A fixed part beats one that starts with ":", which matches
// any part but an empty one.
func Match(method string, parts []string) (e *Endpoint, methods []string) {
	if method == "HEAD" {
		method = "GET"
	}
	best := -1
	for _, r := range routes[len(parts)] {
		fixed, ok := r.fits(parts)
		switch {
		case !ok || fixed < best:
			continue
		case fixed > best:
			e, methods, best = nil, nil, fixed
		}
		methods = append(methods, r.Method)
		if r.Method == method {
			e = r.Endpoint
		}
	}
	return e, methods
}

// fits tells whether the route matches as many parts, and in how many fixed ones.
func (r route) fits(parts []string) (fixed int, ok bool) {
	for i, want := range r.parts {
		switch {
		case want == parts[i]:
			fixed++
		case want[0] != ':' || parts[i] == "":
			return 0, false
		}
	}
	return fixed, true
}
