package model

// Ability is one thing that people and bots may do in a place: a column of the
// matrix of who can do what there.
type Ability struct {
	Name   string
	Access Access // what a token's scopes must open
	Action Action
}

// The abilities of a project and of a group, in the order of the matrix.
var (
	projectAbilities = []Ability{
		{"see it", RESTRead, SeeProject},
		{"clone", GitFetch, ReadCode},
		{"push", GitPush, PushCode},
		{"pull images", RegistryPull, PullPackage},
		{"push images", RegistryPush, PushPackage},
		{"manage tokens", RESTWrite, ListTokens},
		{"manage members", RESTWrite, AddMember},
		{"change settings", RESTWrite, EditProject},
	}
	groupAbilities = []Ability{
		{"see it", RESTRead, SeeGroup},
		{"see members", RESTRead, SeeGroupMembers},
		{"make projects", RESTWrite, CreateInGroup},
		{"manage tokens", RESTWrite, ListTokens},
		{"manage members", RESTWrite, AddMember},
		{"change settings", RESTWrite, EditGroup},
	}
)

// Abilities are those that there are in a place of a kind.
func Abilities(k PlaceKind) []Ability {
	if k == GroupPlace {
		return groupAbilities
	}
	return projectAbilities
}

// Can decides each of Abilities for somebody in a place: a person as if he came
// without a token, a bot with its token. Target says what is known of the place,
// and the role that he has there.
func Can(c Caller, t Target, today Date) []Decision {
	list := make([]Decision, 0, len(projectAbilities))
	for _, a := range Abilities(t.Kind) {
		f := Facts{Today: today, Caller: c, Access: a.Access, Action: a.Action, Target: t}
		if c.Token == nil {
			f.Access = NoAccess
		}
		if a.Action == AddMember {
			f.Target.MemberKind, f.Target.AskedRole = Human, Guest
		}
		list = append(list, Decide(f))
	}
	return list
}
