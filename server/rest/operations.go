package rest

import (
	"net/http"
	"sync"

	"patrol/model"
)

// operation is what the document says of an endpoint beside model's table: what
// it is for, what it reads beside its path, and what it answers.
type operation struct {
	rule    string // of the contract
	summary string
	reads   []parameter
	answers schema // nil: nothing
	status  int    // 0: 200
	paged   bool
	uploads bool     // its body is a file, so that parameters are in the query only
	sends   []string // it answers with a file, of one of these types
	refuses []int    // beside what is common to all
}

// parameter is one that an endpoint reads from the query or the body (A2).
type parameter struct {
	name     string
	schema   schema
	about    string
	required bool
}

func required(name string, s schema, about string) parameter {
	return parameter{name: name, schema: s, about: about, required: true}
}

func optional(name string, s schema, about string) parameter {
	return parameter{name: name, schema: s, about: about}
}

func reads(parts ...[]parameter) (all []parameter) {
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// What several endpoints read.
var (
	inPages = []parameter{ // A30
		optional("page", aNumber, "Which page; the first is 1."),
		optional("per_page", aNumber, "Rows on a page, 1 to 100; 20 without it."),
		optional("pagination", aText, "keyset is refused here with 405; anything else means pages by number."),
	}
	ascending = optional("sort", oneOf("asc", "desc"), "The direction.")

	tokenFilters = []parameter{ // A41
		optional("state", oneOf("active", "inactive"), "inactive is revoked or expired."),
		optional("revoked", aBoolean, ""),
		optional("created_after", aTime, ""),
		optional("created_before", aTime, ""),
		optional("expires_after", aDate, "On this date or later."),
		optional("expires_before", aDate, "Before this date."),
		optional("last_used_after", aTime, ""),
		optional("last_used_before", aTime, ""),
		optional("search", aText, "Part of the name."),
		optional("sort", aText, "created_asc, created_desc, expires_asc, expires_desc, last_used_asc, last_used_desc, name_asc or name_desc; "+
			"anything else is ignored. With keyset pages asc or desc."),
	}
	tokenLists = reads(tokenFilters, byCursor("id"))
	newTokens  = []parameter{ // A43
		required("name", aText, ""),
		required("scopes", listOf(schema{"type": "string", "enum": model.BotScopes}), ""),
		optional("description", aText, ""),
		optional("expires_at", orNull(aDate), "Without it, 365 days from today, or the longest that the instance allows."),
		optional("access_level", aRole, "Without it, Maintainer (40)."),
	}
	rotations = []parameter{ // A45
		optional("expires_at", orNull(aDate), ""),
		optional("overlap_hours", aNumber, "How long the old secret goes on to work; not for a token that rotates itself."),
	}

	newPlaces = []parameter{
		optional("visibility", aVisibility, "Without it, private."),
		optional("description", aText, ""),
	}
	placeChanges = []parameter{
		optional("name", aText, ""),
		optional("path", aText, ""),
		optional("description", aText, ""),
		optional("visibility", aVisibility, ""),
	}
	ownPlaces = []parameter{
		optional("search", aText, ""),
		optional("owned", aBoolean, "Only those that one owns."),
		optional("min_access_level", aRole, "Only those in which one has at least this role."),
	}
	projectLists = reads(ownPlaces, []parameter{ // A81
		optional("membership", aBoolean, "Only those of which one is a member."),
		optional("visibility", aVisibility, ""),
		optional("simple", aBoolean, "Fewer fields: SimpleProject."),
		optional("search_namespaces", aBoolean, "Search in the paths of groups as well."),
		optional("id_after", aNumber, ""),
		optional("id_before", aNumber, ""),
		ascending,
	})
	groupLists = reads(ownPlaces, []parameter{ // A91
		optional("all_available", aBoolean, "false: only those of which one is a member."),
		optional("top_level_only", aBoolean, ""),
		ascending,
	})
	projectOrder = oneOf("id", "name", "path", "created_at", "updated_at", "last_activity_at")
	groupOrder   = oneOf("name", "path", "id")

	memberLists = reads([]parameter{ // A101
		optional("query", aText, "Part of a name or username."),
		optional("user_ids", listOf(aNumber), ""),
	}, inPages)
	memberEnds = optional("expires_at", orNull(aDate), "From this date on he is none.")

	aRef     = optional("ref", aText, "A branch, tag or commit; without it, the default branch.")
	rawTypes = []string{"text/plain", fileType} // A134

	runnerTypes = oneOf(string(model.ProjectRunner), string(model.GroupRunner), string(model.InstanceRunner))
)

// byCursor are A34's parameters, of lists that can be had page by page also by id.
func byCursor(orders ...string) []parameter {
	return []parameter{
		inPages[0], inPages[1],
		optional("pagination", aText, "keyset: by id, with the cursor of the answer's Link; needed past 50,000 rows. Anything else means pages by number."),
		optional("order_by", oneOf(orders...), "With keyset pages only id."),
		optional("cursor", aText, "Where a keyset page begins."),
	}
}

func orderedBy(s schema) []parameter { return []parameter{optional("order_by", s, "")} }

// operations are the endpoints' own, by "METHOD route" as in handlers. They are
// made when somebody asks: every start of the program would pay for them.
var operations = sync.OnceValue(func() map[string]operation {
	return map[string]operation{
		"GET /projects/:id/access_tokens":                   {rule: "A41", summary: "List a project's access tokens", reads: tokenLists, answers: listOf(the("PlaceToken")), paged: true},
		"GET /projects/:id/access_tokens/:token_id":         {rule: "A42", summary: "Show a project's access token", answers: the("PlaceToken")},
		"POST /projects/:id/access_tokens":                  {rule: "A43", summary: "Create a project access token", reads: newTokens, answers: the("IssuedPlaceToken"), status: 201},
		"DELETE /projects/:id/access_tokens/:token_id":      {rule: "A44", summary: "Revoke a project's access token", status: 204, refuses: []int{400}},
		"POST /projects/:id/access_tokens/:token_id/rotate": {rule: "A45", summary: "Rotate a project's access token", reads: rotations, answers: the("IssuedPlaceToken")},
		"POST /projects/:id/access_tokens/self/rotate":      {rule: "A46", summary: "Rotate the project access token that is shown", reads: rotations, answers: the("IssuedPlaceToken"), refuses: []int{405}},

		"GET /groups/:id/access_tokens":                   {rule: "A50", summary: "List a group's access tokens", reads: tokenLists, answers: listOf(the("PlaceToken")), paged: true},
		"GET /groups/:id/access_tokens/:token_id":         {rule: "A50", summary: "Show a group's access token", answers: the("PlaceToken")},
		"POST /groups/:id/access_tokens":                  {rule: "A50", summary: "Create a group access token", reads: newTokens, answers: the("IssuedPlaceToken"), status: 201},
		"DELETE /groups/:id/access_tokens/:token_id":      {rule: "A50", summary: "Revoke a group's access token", status: 204, refuses: []int{400}},
		"POST /groups/:id/access_tokens/:token_id/rotate": {rule: "A50", summary: "Rotate a group's access token", reads: rotations, answers: the("IssuedPlaceToken")},
		"POST /groups/:id/access_tokens/self/rotate":      {rule: "A50", summary: "Rotate the group access token that is shown", reads: rotations, answers: the("IssuedPlaceToken"), refuses: []int{405}},

		"GET /personal_access_tokens": {rule: "A57", summary: "List one's own tokens; for administrators, all of all kinds",
			reads: reads(tokenLists, []parameter{optional("user_id", aNumber, "Whose.")}), answers: listOf(the("Token")), paged: true},
		"GET /personal_access_tokens/:id":         {rule: "A58", summary: "Show a token by its number", answers: the("Token")},
		"DELETE /personal_access_tokens/:id":      {rule: "A60", summary: "Revoke a token by its number", status: 204, refuses: []int{400}},
		"POST /personal_access_tokens/:id/rotate": {rule: "A56", summary: "Rotate a token by its number", reads: rotations, answers: the("IssuedToken")},
		"GET /personal_access_tokens/self":        {rule: "A59", summary: "Show the token that is shown", answers: the("Token")},
		"DELETE /personal_access_tokens/self":     {rule: "A61", summary: "Revoke the token that is shown", status: 204},
		"POST /personal_access_tokens/self/rotate": {rule: "A56", summary: "Rotate the token that is shown, of whatever kind",
			reads: rotations, answers: the("IssuedToken")},
		"GET /personal_access_tokens/self/associations": {rule: "A62", summary: "List what the token that is shown reaches: the groups and projects in which its user has a role",
			reads: reads([]parameter{ownPlaces[2]}, inPages), answers: the("Associations"), paged: true},
		"GET /users/:user_id/personal_access_tokens": {rule: "A63", summary: "List a user's tokens", reads: tokenLists, answers: listOf(the("Token")), paged: true},
		"POST /users/:user_id/personal_access_tokens": {rule: "A63", summary: "Create a personal token for a user, as an administrator", reads: []parameter{
			required("name", aText, ""),
			required("scopes", anyOf(listOf(schema{"type": "string", "enum": model.PersonalScopes}), "string"), "A list, or a text parted by commas."),
			optional("description", aText, ""),
			optional("expires_at", orNull(aDate), "Without it, 365 days from today, or the longest that the instance allows."),
		}, answers: the("IssuedToken"), status: 201},
		"POST /user/personal_access_tokens": {rule: "A64", summary: "Create a personal token for oneself, with few scopes", reads: []parameter{
			required("name", aText, ""),
			required("scopes", anyOf(listOf(oneOf(string(model.ScopeK8sProxy), string(model.ScopeSelfRotate))), "string"), "A list, or a text parted by commas."),
			optional("description", aText, ""),
			optional("expires_at", orNull(aDate), "Without it, tomorrow."),
		}, answers: the("IssuedToken"), status: 201},

		"GET /user": {rule: "A71", summary: "Show oneself", answers: the("User")},
		"GET /users": {rule: "A72", summary: "List users; for administrators with all that is known of them", reads: reads([]parameter{
			optional("username", aText, "Exactly this one."),
			optional("search", aText, ""),
			optional("active", aBoolean, ""),
			optional("blocked", aBoolean, ""),
			optional("external", aBoolean, "For administrators."),
			optional("admins", aBoolean, "For administrators."),
			optional("without_project_bots", aBoolean, ""),
			optional("exclude_internal", aBoolean, ""),
			optional("created_after", aTime, ""),
			optional("created_before", aTime, ""),
			ascending,
		}, byCursor("id")), answers: listOf(either(the("User"), the("BasicUser"))), paged: true},
		"GET /users/:id": {rule: "A73", summary: "Show a user", answers: the("User")},
		"POST /users": {rule: "A74", summary: "Add a user", reads: []parameter{
			required("email", aText, ""),
			required("name", aText, ""),
			required("username", aText, ""),
			optional("admin", aBoolean, ""),
			optional("auditor", aBoolean, ""),
			optional("external", aBoolean, ""),
		}, answers: the("User"), status: 201, refuses: []int{409}},
		"PUT /users/:id": {rule: "A75", summary: "Change a user", reads: []parameter{
			optional("name", aText, ""),
			optional("email", aText, ""),
			optional("admin", aBoolean, ""),
			optional("auditor", aBoolean, ""),
			optional("external", aBoolean, ""),
		}, answers: the("User"), refuses: []int{409}},
		"DELETE /users/:id":       {rule: "A76", summary: "Remove a user", status: 204},
		"POST /users/:id/block":   {rule: "A77", summary: "Block a user", answers: always(true), status: 201},
		"POST /users/:id/unblock": {rule: "A77", summary: "Unblock a user", answers: always(true), status: 201},

		"GET /projects": {rule: "A81", summary: "List projects", reads: reads(projectLists, byCursor(projectOrder["enum"].([]string)...)),
			answers: listOf(either(the("Project"), the("SimpleProject"))), paged: true},
		"GET /projects/:id": {rule: "A82", summary: "Show a project", answers: the("Project")},
		"POST /projects": {rule: "A83", summary: "Add a project with an empty repository", reads: reads([]parameter{
			optional("name", aText, "Needed without a path."),
			optional("path", aText, "Made of the name without one."),
			optional("namespace_id", aNumber, "The group that it goes into: needed, as nobody has projects of his own."),
			optional("default_branch", aText, ""),
			optional("initialize_with_readme", aBoolean, ""),
		}, newPlaces), answers: the("Project"), status: 201},
		"PUT /projects/:id": {rule: "A84", summary: "Change a project",
			reads: reads(placeChanges, []parameter{optional("default_branch", aText, "")}), answers: the("Project")},
		"DELETE /projects/:id": {rule: "A85", summary: "Remove a project with all that is in it", answers: the("Accepted"), status: 202},

		"GET /groups": {rule: "A91", summary: "List groups", reads: reads(groupLists, byCursor(groupOrder["enum"].([]string)...)), answers: listOf(the("Group")), paged: true},
		"GET /groups/:id": {rule: "A92", summary: "Show a group", reads: []parameter{optional("with_projects", aBoolean, "true without it: at most 100 projects.")},
			answers: the("GroupWithProjects")},
		"GET /groups/:id/projects": {rule: "A93", summary: "List a group's projects",
			reads:   reads(projectLists, orderedBy(projectOrder), inPages, []parameter{optional("include_subgroups", aBoolean, "")}),
			answers: listOf(either(the("Project"), the("SimpleProject"))), paged: true},
		"GET /groups/:id/subgroups":         {rule: "A93", summary: "List a group's subgroups", reads: reads(groupLists, orderedBy(groupOrder), inPages), answers: listOf(the("Group")), paged: true},
		"GET /groups/:id/descendant_groups": {rule: "A93", summary: "List the groups below a group", reads: reads(groupLists, orderedBy(groupOrder), inPages), answers: listOf(the("Group")), paged: true},
		"POST /groups": {rule: "A94", summary: "Add a group", reads: reads([]parameter{
			required("name", aText, ""),
			required("path", aText, ""),
			optional("parent_id", aNumber, ""),
		}, newPlaces), answers: the("Group"), status: 201},
		"PUT /groups/:id": {rule: "A95", summary: "Change a group", reads: reads(placeChanges, []parameter{
			optional(model.SwitchName, aBoolean, "Whether access tokens may be created in a top-level group."),
			optional("plan", aPlan, "For administrators; of others it is ignored."),
		}), answers: the("Group")},
		"DELETE /groups/:id": {rule: "A96", summary: "Remove a group with all that is in it", answers: the("Accepted"), status: 202},
		"GET /namespaces": {rule: "A97", summary: "List the groups in which one may create projects", reads: reads([]parameter{
			optional("search", aText, ""),
			optional("owned_only", aBoolean, ""),
		}, inPages), answers: listOf(the("Namespace")), paged: true},
		"GET /namespaces/:id": {rule: "A97", summary: "Show a group in which one may create projects", answers: the("Namespace")},

		"GET /projects/:id/members":              {rule: "A101", summary: "List a project's direct members", reads: memberLists, answers: listOf(the("Member")), paged: true},
		"GET /projects/:id/members/all":          {rule: "A102", summary: "List a project's members, inherited ones too", reads: memberLists, answers: listOf(the("Member")), paged: true},
		"GET /projects/:id/members/:user_id":     {rule: "A103", summary: "Show a direct member of a project", answers: the("Member")},
		"GET /projects/:id/members/all/:user_id": {rule: "A103", summary: "Show a member of a project", answers: the("Member")},
		"POST /projects/:id/members":             addingMembers("project"),
		"PUT /projects/:id/members/:user_id":     changingMembers("project"),
		"DELETE /projects/:id/members/:user_id":  {rule: "A107", summary: "Remove a member from a project", status: 204},
		"GET /groups/:id/members":                {rule: "A101", summary: "List a group's direct members", reads: memberLists, answers: listOf(the("Member")), paged: true},
		"GET /groups/:id/members/all":            {rule: "A102", summary: "List a group's members, inherited ones too", reads: memberLists, answers: listOf(the("Member")), paged: true},
		"GET /groups/:id/members/:user_id":       {rule: "A103", summary: "Show a direct member of a group", answers: the("Member")},
		"GET /groups/:id/members/all/:user_id":   {rule: "A103", summary: "Show a member of a group", answers: the("Member")},
		"POST /groups/:id/members":               addingMembers("group"),
		"PUT /groups/:id/members/:user_id":       changingMembers("group"),
		"DELETE /groups/:id/members/:user_id":    {rule: "A107", summary: "Remove a member from a group", status: 204},

		"GET /projects/:id/issues": {rule: "A110", summary: "List a project's issues, the newest first", reads: reads([]parameter{
			optional("state", oneOf("opened", "closed", "all"), ""),
			optional("search", aText, ""),
			optional("author_id", aNumber, ""),
			optional("author_username", aText, ""),
			optional("iids", listOf(aNumber), ""),
		}, inPages), answers: listOf(the("Issue")), paged: true},
		"GET /projects/:id/issues/:iid": {rule: "A110", summary: "Show an issue", answers: the("Issue")},
		"POST /projects/:id/issues": {rule: "A111", summary: "Write an issue", reads: []parameter{
			required("title", aText, ""),
			optional("description", aText, ""),
		}, answers: the("Issue"), status: 201},
		"PUT /projects/:id/issues/:iid": {rule: "A112", summary: "Change an issue", reads: []parameter{
			optional("title", aText, ""),
			optional("description", aText, ""),
			optional("state_event", oneOf("close", "reopen"), ""),
		}, answers: the("Issue")},
		"GET /projects/:id/issues/:iid/notes":  {rule: "A113", summary: "List an issue's notes, the newest first", reads: inPages, answers: listOf(the("Note")), paged: true},
		"POST /projects/:id/issues/:iid/notes": {rule: "A113", summary: "Write a note on an issue", reads: []parameter{required("body", aText, "")}, answers: the("Note"), status: 201},

		"PUT /projects/:id/packages/generic/:package_name/:package_version/:file_name": {rule: "G70", summary: "Publish a file of a generic package", reads: []parameter{
			optional("status", oneOf("default", "hidden"), "A hidden package isn't listed."),
			optional("select", oneOf("package_file"), "Answer with the file's object instead of a message."),
		}, answers: either(the("PackageFile"), the("Accepted")), status: 201, uploads: true, refuses: []int{507}},
		"GET /projects/:id/packages/generic/:package_name/:package_version/:file_name": {rule: "G71", summary: "Fetch a file of a generic package", sends: []string{fileType}},
		"GET /projects/:id/packages": {rule: "G72", summary: "List a project's packages", reads: reads([]parameter{
			optional("package_name", aText, ""),
			optional("package_type", oneOf("generic"), ""),
		}, inPages), answers: listOf(the("Package")), paged: true},
		"GET /projects/:id/packages/:package_id/package_files": {rule: "G72", summary: "List a package's files", reads: inPages, answers: listOf(the("PackageFile")), paged: true},
		"DELETE /projects/:id/packages/:package_id":            {rule: "G73", summary: "Remove a package with its files", status: 204},

		"GET /projects/:id/repository/branches": {rule: "A130", summary: "List a repository's branches", reads: reads([]parameter{
			optional("search", aText, ""),
			optional("sort", oneOf("name_asc", "updated_asc", "updated_desc"), ""),
		}, inPages), answers: listOf(the("Branch")), paged: true},
		"GET /projects/:id/repository/branches/:name": {rule: "A130", summary: "Show a branch", answers: the("Branch")},
		"GET /projects/:id/repository/tags": {rule: "A131", summary: "List a repository's tags, those changed last first", reads: reads([]parameter{
			optional("search", aText, ""),
			optional("order_by", oneOf("name", "updated", "version"), ""),
			ascending,
		}, inPages), answers: listOf(the("Tag")), paged: true},
		"GET /projects/:id/repository/tags/:name": {rule: "A131", summary: "Show a tag", answers: the("Tag")},
		"GET /projects/:id/repository/tree": {rule: "A132", summary: "List what is in a folder of a repository", reads: reads([]parameter{
			optional("path", aText, ""),
			aRef,
			optional("recursive", aBoolean, "Also what is in the folders in it."),
		}, inPages), answers: listOf(the("TreeEntry")), paged: true},
		"GET /projects/:id/repository/files/:file_path": {rule: "A133", summary: "Show a file of a repository, of 10 MiB at most",
			reads: []parameter{required("ref", aText, "A branch, tag or commit.")}, answers: the("File")},
		"GET /projects/:id/repository/files/:file_path/raw": {rule: "A134", summary: "Fetch a file's content", reads: []parameter{aRef}, sends: rawTypes},
		"GET /projects/:id/repository/blobs/:sha/raw":       {rule: "A134", summary: "Fetch a file's content by its id", sends: rawTypes},
		"GET /projects/:id/repository/commits": {rule: "A136", summary: "List a repository's commits, the newest first", reads: reads([]parameter{
			optional("ref_name", aText, "A branch, tag or commit; without it, the default branch."),
			optional("path", aText, "Only those that changed it."),
			optional("since", aTime, ""),
			optional("until", aTime, ""),
			optional("all", aBoolean, "Of all branches and tags."),
		}, inPages), answers: listOf(the("Commit")), paged: true},
		"GET /projects/:id/repository/commits/:sha": {rule: "A136", summary: "Show a commit",
			reads: []parameter{optional("stats", aBoolean, "true without it.")}, answers: the("CommitWithStats")},

		"POST /user/runners": {rule: "A120", summary: "Add a runner", reads: []parameter{
			required("runner_type", runnerTypes, ""),
			optional("project_id", aNumber, "Needed for project_type."),
			optional("group_id", aNumber, "Needed for group_type."),
			optional("description", aText, ""),
			optional("paused", aBoolean, ""),
			optional("locked", aBoolean, ""),
			optional("run_untagged", aBoolean, "true without it."),
			optional("tag_list", anyOf(someTexts, "string"), "A list, or a text parted by commas."),
			optional("access_level", oneOf("not_protected", "ref_protected"), ""),
			optional("maximum_timeout", aNumber, "In seconds."),
			optional("maintenance_note", aText, ""),
		}, answers: the("IssuedRunner"), status: 201},
		"GET /projects/:id/runners": {rule: "A121", summary: "List a project's runners", reads: inPages, answers: listOf(the("Runner")), paged: true},
		"GET /groups/:id/runners":   {rule: "A121", summary: "List a group's runners", reads: inPages, answers: listOf(the("Runner")), paged: true},
		"GET /runners":              {rule: "A121", summary: "List the runners that one may manage", reads: inPages, answers: listOf(the("Runner")), paged: true},
		"GET /runners/all":          {rule: "A121", summary: "List all runners, as an administrator", reads: inPages, answers: listOf(the("Runner")), paged: true},
		"GET /runners/:id":          {rule: "A121", summary: "Show a runner", answers: the("Runner")},
		"DELETE /runners/:id":       {rule: "A121", summary: "Remove a runner", status: 204},

		"GET /version":              {rule: "A140", summary: "Tell which GitLab's behaviour is to be expected", answers: the("Version")},
		"GET /metadata":             {rule: "A141", summary: "Tell the same, and what else is there", answers: the("Metadata")},
		"GET /application/settings": {rule: "A142", summary: "Show the instance's settings", answers: the("Settings")},
		"PUT /application/settings": {rule: "A143", summary: "Change the instance's settings, all of these or none", reads: settingParameters(), answers: the("Settings")},
		"GET /features":             {rule: "A144", summary: "List the features that were set", answers: listOf(the("Feature"))},
		"GET /features/definitions": {rule: "A147", summary: "List the features that there are", answers: listOf(the("FeatureDefinition"))},
		"POST /features/:name": {rule: "A145", summary: "Set a feature, everywhere or in projects", reads: []parameter{
			required("value", anyOf(oneOf("true", "false"), "boolean").with("enum", []any{"true", "false", true, false}), ""),
			optional("project", anyOf(someTexts, "string"), "Full paths, also parted by commas."),
			optional("group", anyOf(someTexts, "string"), "The same, for each project that is in the group now."),
			optional("user", anything, "Refused, unless empty."),
			optional("namespace", anything, "Refused, unless empty."),
			optional("feature_group", anything, "Refused, unless empty."),
			optional("repository", anything, "Refused, unless empty."),
		}, answers: the("Feature"), status: 201},
		"DELETE /features/:name": {rule: "A146", summary: "Forget what was set of a feature", status: 204},
	}
})

func addingMembers(place string) operation {
	return operation{rule: "A104", summary: "Add a member to a " + place, reads: []parameter{
		required("user_id", aNumber, ""), required("access_level", aRole, ""), memberEnds,
	}, answers: the("Member"), status: http.StatusCreated, refuses: []int{http.StatusConflict}}
}

func changingMembers(place string) operation {
	return operation{rule: "A106", summary: "Change a member of a " + place, reads: []parameter{
		required("access_level", aRole, ""), memberEnds,
	}, answers: the("Member")}
}

func settingParameters() (list []parameter) {
	for _, s := range apiSettings {
		list = append(list, optional(s.name, s.schema(), "Empty or null: without a value."))
	}
	return list
}
