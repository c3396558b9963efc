package model

import (
	"fmt"
	"strings"
)

// Site is what a proxy asks before it lets a request through to a site behind it
// (G91): set by whoever configures the proxy.
type Site struct {
	Place  Ref    // zero: the token's own project or group
	Lowest Role   // that somebody needs there; NoRole: Guest
	Scopes Scopes // any one of which is enough; empty: those of G92
	Write  bool   // the request may change something, or nobody knows (G92, G93)
}

// SiteEntrance is where somebody was let through.
type SiteEntrance struct {
	Path string // full
	Role Role   // effective
}

// Ask is the access and the action that a site's request stands for, as
// explain's question auth has them.
func (s Site) Ask() (Access, Action) {
	if s.Write {
		return RESTWrite, WriteSite
	}
	return RESTRead, ReadSite
}

// DecideSite is Decide for a request to a site. The facts are those of its
// access and action; the scopes and the role that the proxy asks for count
// instead of the table's. The role is the one that was let through.
func DecideSite(f Facts, s Site) (Role, Decision) {
	if len(s.Scopes) > 0 {
		f.Access = NoAccess
		if d := Admit(f.Caller, NoAccess, f.Today); !d.Allowed {
			return NoRole, d
		}
		if t := f.Caller.Token; t != nil && !t.Scopes.HasAny(s.Scopes) {
			return NoRole, refuse(ErrScope, "G91", "The token has none of the scopes that the site asks for.", "a token with "+s.Scopes.join(" or "))
		}
	}
	if d := Decide(f); !d.Allowed {
		return NoRole, d
	}
	role := f.reading()
	if role < s.Lowest {
		return NoRole, refuse(ErrDenied, "G91", fmt.Sprintf("The site needs the role %s; %s.", s.Lowest, roleHere(role)), fmt.Sprintf("the role %s there", s.Lowest))
	}
	return role, allow("G91")
}

// ParseScopes reads the names of scopes, parted by commas.
func ParseScopes(text string) (Scopes, error) {
	list := NewScopes(strings.Split(text, ","))
	return list, list.Unknown(PersonalToken)
}
