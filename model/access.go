package model

// Access is a row of R60's table scope × door: what a token's scopes must open
// before anything else is asked.
type Access uint8

// The rows of the table. NoAccess is for the console and the command line,
// where a person acts without a token.
const (
	NoAccess          Access = iota
	RESTRead                 // GET and HEAD
	RESTFiles                // GET and HEAD of repository/files
	RESTWrite                // every other method
	RESTUser                 // GET /user, /users…, /version, /metadata
	PackageDownload          // GET of packages
	PackagePublish           // publish and delete
	GitFetch                 // upload-pack
	GitPush                  // receive-pack
	RegistryPull             //
	RegistryPush             //
	RegistryDelete           // delete and *
	RunnerCreation           // POST /user/runners
	AIGateway                //
	KubernetesGateway        //
	SelfAccess               // own information, revocation, associations (R61)
	SelfRotation             //
	accessRows
)

// opening is a row: its name for people, the rule that refuses there, and the
// scopes that open it. No scopes: any scope does.
type opening struct {
	name   string
	rule   string
	scopes Scopes
}

var openings = [accessRows]opening{
	RESTRead:          {"reading over REST", "R60", Scopes{ScopeAPI, ScopeReadAPI}},
	RESTFiles:         {"reading a repository's files over REST", "R60", Scopes{ScopeAPI, ScopeReadAPI, ScopeReadRepository}},
	RESTWrite:         {"writing over REST", "R60", Scopes{ScopeAPI}},
	RESTUser:          {"reading users over REST", "R60", Scopes{ScopeAPI, ScopeReadAPI, ScopeReadUser}},
	PackageDownload:   {"downloading packages", "R60", Scopes{ScopeAPI, ScopeReadAPI}},
	PackagePublish:    {"publishing packages", "R60", Scopes{ScopeAPI}},
	GitFetch:          {"fetching", "G14", Scopes{ScopeAPI, ScopeReadAPI, ScopeReadRepository, ScopeWriteRepository}},
	GitPush:           {"pushing", "G14", Scopes{ScopeAPI, ScopeWriteRepository}},
	RegistryPull:      {"pulling images", "G58", Scopes{ScopeAPI, ScopeReadAPI, ScopeReadRegistry}},
	RegistryPush:      {"pushing images", "G58", Scopes{ScopeAPI, ScopeWriteRegistry}},
	RegistryDelete:    {"deleting images", "G58", Scopes{ScopeAPI}},
	RunnerCreation:    {"creating runners", "R60", Scopes{ScopeAPI, ScopeCreateRunner}},
	AIGateway:         {"the AI gateway", "G80", Scopes{ScopeAPI, ScopeAIFeatures}},
	KubernetesGateway: {"the Kubernetes gateway", "G81", Scopes{ScopeK8sProxy}},
	SelfAccess:        {"its own information", "R61", nil},
	SelfRotation:      {"rotating itself", "R65", Scopes{ScopeAPI, ScopeSelfRotate}},
}

// Scopes are the scopes that open a, any one of which is enough; empty if any
// scope at all does.
func (a Access) Scopes() Scopes { return openings[a].scopes }

func (a Access) String() string { return openings[a].name }

// Opens tells whether one of the scopes opens a (R60, R61, R63).
func (list Scopes) Opens(a Access) bool {
	if a == NoAccess {
		return true
	}
	return len(openings[a].scopes) == 0 || list.HasAny(openings[a].scopes)
}
