package rest

import (
	"maps"
	"slices"
	"sync"

	"patrol/model"
)

// schema is a JSON Schema, as OpenAPI 3.1 takes it.
type schema map[string]any

// The schemas of single values.
var (
	aText    = schema{"type": "string"}
	aNumber  = schema{"type": "integer"}
	aBoolean = schema{"type": "boolean"}
	aTime    = schema{"type": "string", "format": "date-time"} // A3
	aDate    = schema{"type": "string", "format": "date"}
	aLink    = schema{"type": "string", "format": "uri"}
	aNull    = schema{"type": "null"}
	anything = schema{}

	aRole       = schema{"type": "integer", "enum": model.Roles}
	aVisibility = oneOf("private", "internal", "public")
	someTexts   = listOf(aText)
	noElements  = schema{"type": "array", "maxItems": 0}
)

func oneOf(values ...string) schema { return schema{"type": "string", "enum": values} }

func always(value any) schema { return schema{"const": value} }

func listOf(s schema) schema { return schema{"type": "array", "items": s} }

// with is s with one more keyword, or another value of it.
func (s schema) with(keyword string, value any) schema {
	changed := maps.Clone(s)
	changed[keyword] = value
	return changed
}

// anyOf has several types of single values, the first one's form among them.
func anyOf(s schema, types ...string) schema {
	return s.with("type", append([]string{s["type"].(string)}, types...))
}

func orNull(s schema) schema { return anyOf(s, "null") }

func either(schemas ...schema) schema { return schema{"anyOf": schemas} }

// the names a schema of the document.
func the(name string) schema { return schema{"$ref": "#/components/schemas/" + name} }

// field is one of an object.
type field struct {
	name   string
	schema schema
	some   bool // it isn't there for everybody
}

func fields(name string, s schema, more ...any) []field {
	list := []field{{name: name, schema: s}}
	for i := 0; i < len(more); i += 2 {
		list = append(list, field{name: more[i].(string), schema: more[i+1].(schema)})
	}
	return list
}

// forSome are fields that aren't there for everybody.
func forSome(list []field) []field {
	for i := range list {
		list[i].some = true
	}
	return list
}

func objectOf(parts ...[]field) schema {
	properties := map[string]schema{}
	var required []string
	for _, f := range slices.Concat(parts...) {
		properties[f.name] = f.schema
		if !f.some {
			required = append(required, f.name)
		}
	}
	s := schema{"type": "object", "properties": properties}
	if required != nil {
		s["required"] = required
	}
	return s
}

// The fields of what several schemas have.
var (
	tokenFields = fields("id", aNumber, "name", aText, "revoked", aBoolean, "created_at", aTime, "description", orNull(aText), // A55
		"scopes", listOf(schema{"type": "string", "enum": model.PersonalScopes}), "user_id", aNumber, "last_used_at", orNull(aTime),
		"active", aBoolean, "granular", always(false), "expires_at", aDate, "last_used_ips", someTexts)
	placeFields  = fields("access_level", aRole, "resource_type", oneOf("project", "group"), "resource_id", aNumber) // A40
	secretFields = fields("token", schema{"type": "string", "description": "The secret. It is shown this once."})

	userFields = fields("id", aNumber, "username", aText, "public_email", aNull, "name", aText, "state", oneOf("active", "blocked"), // A70
		"locked", always(false), "avatar_url", aNull, "web_url", aLink)
	fullUserFields = fields("created_at", aTime, "bot", aBoolean, "bio", aText, "location", aText, "organization", aText, "job_title", aText,
		"work_information", aNull, "followers", aNumber, "following", aNumber)
	privateUserFields = forSome(fields("external", aBoolean, "email", aText, "commit_email", aText, "last_activity_on", orNull(aDate),
		"last_sign_in_at", aNull, "current_sign_in_at", aNull, "confirmed_at", aTime, "identities", noElements, "can_create_group", aBoolean,
		"can_create_project", aBoolean, "two_factor_enabled", always(false), "private_profile", always(false), "projects_limit", aNumber,
		"theme_id", aNumber, "color_scheme_id", aNumber, "namespace_id", aNull, "is_admin", aBoolean, "is_auditor", aBoolean, "note", aNull))

	simpleProjectFields = fields("id", aNumber, "description", orNull(aText), "name", aText, "name_with_namespace", aText, "path", aText, // A80
		"path_with_namespace", aText, "created_at", aTime, "updated_at", aTime, "last_activity_at", aTime, "default_branch", orNull(aText),
		"tag_list", noElements, "topics", noElements, "ssh_url_to_repo", aLink, "http_url_to_repo", aLink, "web_url", aLink,
		"readme_url", aNull, "avatar_url", aNull, "forks_count", aNumber, "star_count", aNumber, "namespace", the("ProjectNamespace"))
	fullProjectFields = fields("visibility", aVisibility, "archived", always(false), "empty_repo", aBoolean, "creator_id", aNumber,
		"issues_enabled", aBoolean, "packages_enabled", aBoolean, "container_registry_enabled", aBoolean, "container_registry_image_prefix", aText,
		"open_issues_count", aNumber, "merge_requests_access_level", oneOf("disabled"), "merge_requests_enabled", always(false), "merge_method", oneOf("merge"), "wiki_enabled", always(false), "snippets_enabled", always(false), "lfs_enabled", always(false))
	permissionFields = forSome(fields("permissions", objectOf(fields("project_access", either(the("ProjectAccess"), aNull), "group_access", either(the("ProjectAccess"), aNull)))))

	namespaceFields = fields("id", aNumber, "name", aText, "path", aText, "kind", oneOf("group"), "full_path", aText,
		"parent_id", orNull(aNumber), "avatar_url", aNull, "web_url", aLink)
	aPlan      = oneOf("free", "trial", "premium", "ultimate")
	planFields = forSome(fields("plan", aPlan))

	groupFields = fields("id", aNumber, "name", aText, "path", aText, "full_name", aText, "full_path", aText, "parent_id", orNull(aNumber), // A90
		"description", aText, "visibility", aVisibility, "web_url", aLink, "avatar_url", aNull, "created_at", aTime,
		"request_access_enabled", always(false), "project_creation_level", aText, "subgroup_creation_level", aText, "organization_id", aNumber)
	commitFields = fields("id", aText, "short_id", aText, "created_at", aTime, "parent_ids", someTexts, "title", aText, "message", aText, // A136
		"author_name", aText, "author_email", aText, "authored_date", aTime, "committer_name", aText, "committer_email", aText,
		"committed_date", aTime, "trailers", schema{"type": "object"}, "web_url", aLink)
	switchFields = forSome(fields(model.SwitchName, aBoolean))
)

// schemas are the objects that answers have, by name. What they hold is what the
// functions write that are named as they are.
var schemas = sync.OnceValue(func() map[string]schema {
	return map[string]schema{
		"Token":             objectOf(tokenFields),
		"IssuedToken":       objectOf(tokenFields, secretFields),
		"PlaceToken":        objectOf(tokenFields, placeFields),
		"IssuedPlaceToken":  objectOf(tokenFields, placeFields, secretFields),
		"BasicUser":         objectOf(userFields),
		"User":              objectOf(userFields, fullUserFields, privateUserFields),
		"SimpleProject":     objectOf(simpleProjectFields),
		"Project":           objectOf(simpleProjectFields, fullProjectFields, permissionFields),
		"ProjectAccess":     objectOf(fields("access_level", aRole, "notification_level", aNumber)),
		"ProjectNamespace":  objectOf(namespaceFields),
		"Namespace":         objectOf(namespaceFields, planFields),
		"Group":             objectOf(groupFields, switchFields, planFields),
		"GroupWithProjects": objectOf(groupFields, switchFields, planFields, forSome(fields("projects", listOf(the("Project"))))),
		"Member": objectOf(userFields, fields("access_level", aRole, "created_at", aTime, "created_by", either(the("BasicUser"), aNull), // A100
			"expires_at", orNull(aDate), "membership_state", oneOf("active"))),
		"Issue": objectOf(fields("id", aNumber, "iid", aNumber, "project_id", aNumber, "title", aText, "description", orNull(aText), // A114
			"state", oneOf("opened", "closed"), "created_at", aTime, "updated_at", aTime, "closed_at", orNull(aTime), "author", the("BasicUser"),
			"assignees", noElements, "labels", noElements, "user_notes_count", aNumber, "confidential", always(false), "web_url", aLink)),
		"Note": objectOf(fields("id", aNumber, "body", aText, "author", the("BasicUser"), "created_at", aTime, "updated_at", aTime,
			"system", always(false), "noteable_id", aNumber, "noteable_type", oneOf("Issue"), "noteable_iid", aNumber, "project_id", aNumber)),
		"Runner": objectOf(fields("id", aNumber, "description", aText, "ip_address", aNull, "active", aBoolean, "paused", aBoolean, "is_shared", aBoolean, // A121
			"runner_type", runnerTypes, "name", aNull, "online", aNull, "status", oneOf("never_contacted"),
			"created_by", the("BasicUser"), "created_at", aTime)),
		"IssuedRunner": objectOf(fields("id", aNumber), secretFields, fields("token_expires_at", aNull)),
		"Associations": objectOf(fields("groups", listOf(the("AssociatedGroup")), "projects", listOf(the("AssociatedProject")))), // A62
		"AssociatedGroup": objectOf(fields("id", aNumber, "web_url", aLink, "name", aText, "parent_id", orNull(aNumber), "organization_id", aNumber,
			"access_levels", aNumber, "visibility", aVisibility)),
		"AssociatedProject": objectOf(fields("id", aNumber, "description", orNull(aText), "name", aText, "name_with_namespace", aText, "path", aText,
			"path_with_namespace", aText, "created_at", aTime,
			"access_levels", objectOf(fields("project_access_level", orNull(aNumber), "group_access_level", orNull(aNumber))),
			"visibility", aVisibility, "web_url", aLink, "namespace", the("ProjectNamespace"))),
		"Version": objectOf(fields("version", aText, "revision", aText)), // A140
		"Metadata": objectOf(fields("version", aText, "revision", aText, "enterprise", aBoolean,
			"kas", objectOf(fields("enabled", aBoolean, "externalUrl", orNull(aText), "externalK8sProxyUrl", orNull(aText), "version", orNull(aText))))),
		"Settings": settingsSchema(),
		"Feature": objectOf(fields("name", aText, "state", oneOf("on", "off", "conditional"), "definition", aNull, // A144
			"gates", listOf(objectOf(fields("key", oneOf("boolean", "actors"), "value", either(aBoolean, someTexts)))))),
		"FeatureDefinition": objectOf(fields("name", aText, "default_enabled", aBoolean, "type", aText, "group", aText, "introduced_by_url", aNull,
			"rollout_issue_url", aNull, "milestone", aText, "log_state_changes", aNull)),
		"Package": objectOf(fields("id", aNumber, "name", aText, "version", aText, "package_type", oneOf("generic"), "status", oneOf("default", "hidden"), // G72
			"created_at", aTime, "_links", schema{"type": "object"}, "tags", noElements, "pipelines", noElements)),
		"PackageFile": objectOf(fields("id", aNumber, "package_id", aNumber, "created_at", aTime, "updated_at", aTime, "size", aNumber, "file_name", aText, // G70
			"file_sha256", aText, "file_store", aNumber)),
		"Branch": objectOf(fields("name", aText, "merged", always(false), "protected", always(false), "developers_can_push", always(false), // A130
			"developers_can_merge", always(false), "can_push", aBoolean, "default", aBoolean, "web_url", aLink, "commit", the("Commit"))),
		"Tag": objectOf(fields("name", aText, "message", orNull(aText), "target", aText, "commit", either(the("Commit"), aNull), // A131
			"release", aNull, "protected", always(false))),
		"TreeEntry": objectOf(fields("id", aText, "name", aText, "type", oneOf("tree", "blob", "commit"), "path", aText, "mode", aText)), // A132
		"File": objectOf(fields("file_name", aText, "file_path", aText, "size", aNumber, "encoding", oneOf("base64"), "content", aText, // A133
			"content_sha256", aText, "ref", aText, "blob_id", aText, "commit_id", aText, "last_commit_id", aText, "execute_filemode", aBoolean)),
		"Commit": objectOf(commitFields),
		"CommitWithStats": objectOf(commitFields, fields("status", aNull),
			forSome(fields("stats", objectOf(fields("additions", aNumber, "deletions", aNumber, "total", aNumber))))),
		"Accepted": objectOf(fields("message", aText)),

		// A21 to A26.
		"Message": objectOf(fields("message", aText)),
		"Error":   objectOf(fields("error", aText)),
		"WrongFields": objectOf(fields("message",
			schema{"type": "object", "additionalProperties": someTexts, "description": "What is wrong, by field."})),
		"InvalidToken":      objectOf(fields("error", oneOf("invalid_token"), "error_description", aText)),
		"InsufficientScope": objectOf(fields("error", oneOf("insufficient_scope"), "error_description", aText, "scope", aText)),
	}
})

// settingsSchema is A142's.
func settingsSchema() schema {
	list := fields("id", always(1))
	for _, s := range apiSettings {
		list = append(list, field{name: s.name, schema: s.schema()})
	}
	return objectOf(list)
}

func (s apiSetting) schema() schema {
	switch s.kind {
	case numberSetting:
		return orNull(aNumber)
	case booleanSetting:
		return orNull(aBoolean)
	}
	return aText
}
