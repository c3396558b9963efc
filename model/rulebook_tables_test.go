package model

import (
	"slices"
	"strings"
)

// row is a line of §2's table: the lowest role by visibility.
type row struct{ rule, private, internal, public string }

// section2 is the table of §2 (R20–R32), and R76's line on the switch.
var section2 = map[Action]row{
	SeeProject:      {"R20", "Guest", "any", "all"},
	SeeMembers:      {"R20", "Guest", "any", "any"}, // "the same, but never without a user"
	ReadCode:        {"R21", "Reporter", "any", "all"},
	CreateRecord:    {"R22", "Guest", "any", "any"},
	EditRecord:      {"A112", "Planner", "Planner", "Planner"},
	PushCode:        {"R23", "Developer", "Developer", "Developer"},
	PullPackage:     {"R24", "Reporter", "any", "all"},
	PushPackage:     {"R25", "Developer", "Developer", "Developer"},
	DeletePackage:   {"R26", "Maintainer", "Maintainer", "Maintainer"},
	EditProject:     {"R28", "Maintainer", "Maintainer", "Maintainer"},
	DeleteProject:   {"R29", "Owner", "Owner", "Owner"},
	SeeGroup:        {"R30", "Guest", "any", "all"},
	SeeGroupMembers: {"R30", "Guest", "any", "any"},
	EditGroup:       {"R31", "Owner", "Owner", "Owner"},
	CreateInGroup:   {"R32", "Maintainer", "Maintainer", "Maintainer"},
	ChangeSwitch:    {"R76", "Owner", "Owner", "Owner"},
	ReadSite:        {"G91", "Guest", "Guest", "Guest"}, // "also on a public project a role there is needed"
	WriteSite:       {"G91", "Guest", "Guest", "Guest"},
}

// reading are the rows of §2 that change nothing.
var reading = map[Action]bool{SeeProject: true, SeeMembers: true, ReadCode: true, PullPackage: true, SeeGroup: true, SeeGroupMembers: true, ReadSite: true}

// scopeDoors is §3's table scope × door, column by column as it stands there,
// with read_user's row of R60, and the rule that a refusal there names.
const scopeDoors = `
door                     | rule | api | read_api | read_registry | write_registry | read_repository | write_repository | create_runner | ai_features | k8s_proxy | self_rotate | read_user
REST read                | R60  | x   | x        |               |                |                 |                  |               |             |           |             |
REST read files          | R60  | x   | x        |               |                | x               |                  |               |             |           |             |
REST write               | R60  | x   |          |               |                |                 |                  |               |             |           |             |
users and version        | R60  | x   | x        |               |                |                 |                  |               |             |           |             | x
package download         | R60  | x   | x        |               |                |                 |                  |               |             |           |             |
package publish, delete  | R60  | x   |          |               |                |                 |                  |               |             |           |             |
Git fetch                | G14  | x   | x        |               |                | x               | x                |               |             |           |             |
Git push                 | G14  | x   |          |               |                |                 | x                |               |             |           |             |
registry pull            | G58  | x   | x        | x             |                |                 |                  |               |             |           |             |
registry push            | G58  | x   |          |               | x              |                 |                  |               |             |           |             |
registry delete          | G58  | x   |          |               |                |                 |                  |               |             |           |             |
POST /user/runners       | R60  | x   |          |               |                |                 |                  | x             |             |           |             |
AI gateway               | G80  | x   |          |               |                |                 |                  |               | x           |           |             |
Kubernetes gateway       | G81  |     |          |               |                |                 |                  |               |             | x         |             |
self info, self revoke   | R61  | x   | x        | x             | x              | x               | x                | x             | x           | x         | x           | x
self rotate              | R65  | x   |          |               |                |                 |                  |               |             |           | x           |
`

// doors are the table's rows in its order.
var doors = []Access{RESTRead, RESTFiles, RESTWrite, RESTUser, PackageDownload, PackagePublish, GitFetch, GitPush,
	RegistryPull, RegistryPush, RegistryDelete, RunnerCreation, AIGateway, KubernetesGateway, SelfAccess, SelfRotation}

// book are the tables, ready to be looked up millions of times.
var book = newRulebook()

type rulebook struct {
	rows    [actionCount]row
	refuses [accessRows]string
	columns Scopes
	ticks   [accessRows][]bool // by column
}

func newRulebook() *rulebook {
	b := &rulebook{}
	for action, r := range section2 {
		b.rows[action] = r
	}
	lines := strings.Split(strings.TrimSpace(scopeDoors), "\n")
	for i, line := range lines {
		cells := strings.Split(line, "|")
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		for _, cell := range cells[2:] {
			if i == 0 {
				b.columns = append(b.columns, Scope(cell))
			} else {
				b.ticks[doors[i-1]] = append(b.ticks[doors[i-1]], cell == "x")
			}
		}
		if i > 0 {
			b.refuses[doors[i-1]] = cells[1]
		}
	}
	return b
}

// opens: scopes of one token add up (R63).
func (b *rulebook) opens(a Access, scopes Scopes) bool {
	for _, s := range scopes {
		if i := slices.Index(b.columns, s); i < len(b.ticks[a]) && b.ticks[a][i] {
			return true
		}
	}
	return false
}
