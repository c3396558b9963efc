package model

// Action is what somebody wants to do, once a door is open. §2 and §3 of the
// rules say who may.
type Action uint8

// The actions of §2, in its order, then those of §3. Which rule each is held by
// stands in the table below.
const (
	NoAction        Action = iota // needs no more than a known user
	SeeProject                    // R20: it exists, its name, its issues
	SeeMembers                    // R20: its members and token names, never without a user
	ReadCode                      // R21
	CreateRecord                  // R22: issue or note
	EditRecord                    // A112: its author, or a Planner
	PushCode                      // R23
	PullPackage                   // R24: and images
	PushPackage                   // R25: and images; reach Kubernetes
	DeletePackage                 // R26: and images
	EditProject                   // R28: settings, runners
	DeleteProject                 // R29: also its visibility
	SeeGroup                      // R30
	SeeGroupMembers               // R30
	EditGroup                     // R31: settings, runners, deletion
	CreateInGroup                 // R32: a project or subgroup
	ChangeSwitch                  // R76: token creation in a top-level group
	AddMember                     // R28, R31
	ChangeMember                  // R28, R31
	RemoveMember                  // R28, R31
	CreateTopGroup                // R33
	Administer                    // R33: users, features, instance settings, plans
	ReadInstance                  // R10: settings and features, read only
	ReadAudit                     // R164
	ListTokens                    // R44, R48, R152
	ReadToken                     // R44, R48, R152
	CreateToken                   // R41, R42, R152
	RevokeToken                   // R44, R46, R94
	RotateToken                   // R64
	ReadSelf                      // R61
	RevokeSelf                    // R61
	RotateSelf                    // R65
	ReadSite                      // G91: a site behind a proxy that asks /auth
	WriteSite                     // G91
	actionCount
)

// What a known user without a role, and one who shows no credentials, count as
// where the table asks for a lowest role: "any" and "all" in §2.
const (
	anyUser Role = NoRole
	anyone  Role = -1
)

// permission is a row of §2: the lowest effective role by visibility.
type permission struct {
	name   string
	rule   string
	lowest [3]Role // private, internal, public
	writes bool    // refused to auditors (R10) and to bots from elsewhere (R111)
}

func always(r Role) [3]Role { return [3]Role{r, r, r} }

var permissions = [actionCount]permission{
	NoAction:        {"ask as a known user", "A27", always(anyUser), false},
	SeeProject:      {"see the project", "R20", [3]Role{Guest, anyUser, anyone}, false},
	SeeMembers:      {"see its members", "R20", [3]Role{Guest, anyUser, anyUser}, false},
	ReadCode:        {"read its code", "R21", [3]Role{Reporter, anyUser, anyone}, false},
	CreateRecord:    {"create issues and notes", "R22", [3]Role{Guest, anyUser, anyUser}, true},
	EditRecord:      {"edit issues of others", "A112", always(Planner), true},
	PushCode:        {"push code", "R23", always(Developer), true},
	PullPackage:     {"pull images and packages", "R24", [3]Role{Reporter, anyUser, anyone}, false},
	PushPackage:     {"push images and packages", "R25", always(Developer), true},
	DeletePackage:   {"delete images and packages", "R26", always(Maintainer), true},
	EditProject:     {"edit the project's settings", "R28", always(Maintainer), true},
	DeleteProject:   {"delete the project or change its visibility", "R29", always(Owner), true},
	SeeGroup:        {"see the group", "R30", [3]Role{Guest, anyUser, anyone}, false},
	SeeGroupMembers: {"see the group's members", "R30", [3]Role{Guest, anyUser, anyUser}, false},
	EditGroup:       {"edit or delete the group", "R31", always(Owner), true},
	CreateInGroup:   {"create projects and subgroups in the group", "R32", always(Maintainer), true},
	ChangeSwitch:    {"allow or forbid token creation", "R76", always(Owner), true},
	AddMember:       {"add members", "R28", always(Maintainer), true},
	ChangeMember:    {"change members", "R28", always(Maintainer), true},
	RemoveMember:    {"remove members", "R28", always(Maintainer), true},
	CreateTopGroup:  {"create a top-level group", "R33", always(anyUser), true},
	Administer:      {"administer the instance", "R33", always(anyUser), true},
	ReadInstance:    {"read the instance's settings", "R33", always(anyUser), false},
	ReadAudit:       {"read the audit log", "R164", always(Maintainer), false},
	ListTokens:      {"see tokens", "R44", always(Maintainer), false},
	ReadToken:       {"see tokens", "R44", always(Maintainer), false},
	CreateToken:     {"create tokens", "R44", always(Maintainer), true},
	RevokeToken:     {"revoke tokens", "R44", always(Maintainer), true},
	RotateToken:     {"rotate tokens", "R44", always(Maintainer), true},
	ReadSelf:        {"see itself", "R61", always(anyUser), false},
	RevokeSelf:      {"revoke itself", "R61", always(anyUser), true},
	RotateSelf:      {"rotate itself", "R65", always(anyUser), true},
	ReadSite:        {"read the site behind the proxy", "G91", always(Guest), false},
	WriteSite:       {"write to the site behind the proxy", "G91", always(Guest), true},
}

func (a Action) String() string { return permissions[a].name }

// lowestRole is the rule and the lowest role for an action in a kind of place.
// Groups ask for an Owner where projects ask for a Maintainer: members and
// tokens (R31, R42, R150).
func lowestRole(a Action, in PlaceKind, v Visibility) (rule string, lowest Role) {
	p := permissions[a]
	if in == GroupPlace {
		switch a {
		case AddMember, ChangeMember, RemoveMember, ListTokens, ReadToken, CreateToken, RevokeToken, RotateToken:
			return "R31", Owner
		case ReadAudit:
			return p.rule, Owner
		}
	}
	return p.rule, p.lowest[v]
}
