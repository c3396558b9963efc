package model

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// R9: six roles by name or number, and no other.
func TestR9(t *testing.T) {
	for s, want := range map[string]Role{
		"guest": 10, "Planner": 15, "REPORTER": 20, "developer": 30, "maintainer": 40, "Owner": 50,
		"10": 10, "15": 15, "20": 20, "30": 30, "40": 40, "50": 50,
	} {
		if r, err := ParseRole(s); err != nil || r != want || !r.Valid() || !strings.EqualFold(s, r.String()) && len(s) > 2 {
			t.Errorf("R9: %s: %s, %v", s, r, err)
		}
	}
	for _, s := range []string{"", " ", "0", "5", "60", "-10", "+10", "010", "10.0", "minimal", "no role", " guest", "guest\x00", "ownеr"} {
		if r, err := ParseRole(s); err == nil || r != NoRole {
			t.Errorf("R9: %q: %s", s, r)
		}
	}
	for _, r := range []Role{NoRole, -10, 5, 11, 25, 60} {
		if r.Valid() {
			t.Errorf("R9: %d", r)
		}
	}
	if !slices.IsSorted(Roles) {
		t.Error("roles compare")
	}
}

// R52, R60: ten scopes, and read_user for personal tokens.
func TestR52(t *testing.T) {
	got := NewScopes([]string{"read_api", "api", "read_api", "API", "api", ""})
	if got.String() != "read_api api API " || !got.HasAny(Scopes{ScopeAPI}) || got.HasAny(Scopes{ScopeK8sProxy}) {
		t.Errorf("R52: %q", got)
	}
	if len(BotScopes) != 10 || len(PersonalScopes) != 11 || BotScopes.Has(ScopeReadUser) || !PersonalScopes.Has(ScopeReadUser) {
		t.Error("R60")
	}
	for _, c := range []struct {
		kind   TokenKind
		scopes Scopes
		ok     bool
	}{
		{ProjectToken, BotScopes, true}, {GroupToken, BotScopes, true}, {PersonalToken, PersonalScopes, true}, {ProjectToken, nil, true},
		{ProjectToken, Scopes{ScopeReadUser}, false}, {GroupToken, Scopes{ScopeAPI, ScopeReadUser}, false},
		{PersonalToken, Scopes{"sudo"}, false}, {ProjectToken, Scopes{"API"}, false}, {ProjectToken, Scopes{""}, false}, {ProjectToken, Scopes{" api"}, false},
	} {
		if err := c.scopes.Unknown(c.kind); (err == nil) != c.ok {
			t.Errorf("R52: %s, %s: %v", c.kind, c.scopes, err)
		}
	}
	err := Scopes{ScopeAPI, "repo"}.Unknown(ProjectToken)
	if err == nil || !strings.Contains(err.Error(), `"repo"`) || !strings.Contains(err.Error(), "read_api") {
		t.Errorf("names what is wrong and what to use: %v", err)
	}
}

// R3, R4: from private to public; R80: four plans.
func TestVisibilitiesAndPlans(t *testing.T) {
	for i, v := range Visibilities {
		if got, err := ParseVisibility(v.String()); err != nil || got != v || i > 0 && v <= Visibilities[i-1] {
			t.Error(v, got, err)
		}
	}
	for _, p := range Plans {
		if got, err := ParsePlan(string(p)); err != nil || got != p {
			t.Error(p, got, err)
		}
	}
	for _, s := range []string{"", "Private", "secret", "public ", "gold"} {
		if _, err := ParseVisibility(s); err == nil {
			t.Errorf("visibility %q", s)
		}
		if _, err := ParsePlan(s); err == nil {
			t.Errorf("plan %q", s)
		}
	}
}

// R190, R191, R141, R57: what settings can be.
func TestSettings(t *testing.T) {
	for _, s := range DefaultSettings() {
		if err := CheckSetting(s.Key, s.Default); err != nil || s.Value != s.Default || s.Allowed == "" {
			t.Errorf("R190/%s: %v", s.Key, err)
		}
	}
	for _, c := range []struct{ key, good, bad string }{ // parted by blanks
		{"instance_kind", "self_managed saas", "SaaS dotcom"},
		{"host", "localhost patrol.example a 10.0.0.1", "-a a- .a a. a_b a/b a:1 ä " + strings.Repeat("a", 254)},
		{"personal_access_token_prefix", "glpat- x aA0_+=/@:.- " + strings.Repeat("x", 20), "ä a\x00 a* " + strings.Repeat("x", 21)},
		{"max_personal_access_token_lifetime", "1 365", "0 366 -1 +1 007 1.5 x 99999999999999999999"},
		{"bot_retention_days", "0 30 3650", "-1 3651 00 x"},
		{"expired_bot_retention_days", "0 30 3650", "-1 3651"},
		{"require_personal_access_token_expiry", "true", "false TRUE 1"},
		{"allow_token_in_query", "true false", "yes 1"},
		{"url", "http://127.0.0.1:8080 https://patrol.example/some/path", "patrol.example ftp://x http:// http:x //x https://u:p@x https://x?a https://x? https://x#a https://x# https://x\x7f"},
	} {
		for _, v := range strings.Fields(c.good) {
			if err := CheckSetting(c.key, v); err != nil {
				t.Errorf("R190/%s: %q: %v", c.key, v, err)
			}
		}
		for _, v := range strings.Fields(c.bad) {
			var reason *Reason
			if err := CheckSetting(c.key, v); !errors.As(err, &reason) || reason.Rule != "R191" || !errors.Is(err, ErrInvalid) || len(reason.Fields) != 1 {
				t.Errorf("R191: %s: %q: %v", c.key, v, err)
			}
		}
	}
	for _, key := range []string{"max_personal_access_token_lifetime", "personal_access_token_prefix", "url"} {
		if err := CheckSetting(key, ""); err != nil {
			t.Errorf("R190/%s may be empty: %v", key, err)
		}
	}
	for _, key := range []string{"host", "instance_kind", "bot_retention_days", "allow_token_in_query"} {
		if CheckSetting(key, "") == nil {
			t.Errorf("R190/%s may not be empty", key)
		}
	}
	if err := CheckSetting("colour", "blue"); !errors.Is(err, ErrNotFound) {
		t.Errorf("R191: %v", err)
	}
}

// R90, R93: states, by row and day.
func TestR90(t *testing.T) {
	token := Token{ExpiresOn: today}
	gone := token
	gone.RevokedAt = today.Time()
	for _, c := range []struct {
		token Token
		on    Date
		want  State
	}{
		{token, today - 1, Active}, {token, today, Expired}, {token, today + 1, Expired},
		{gone, today - 1, Revoked}, {gone, today + 1, Revoked},
	} {
		if got := c.token.State(c.on); got != c.want {
			t.Errorf("R90: %s, want %s", got, c.want)
		}
	}
}
