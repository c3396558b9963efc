package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"patrol/model"
)

func (a *app) tokenCommand() *cobra.Command {
	return parent("token", "Access tokens of projects, groups and people",
		a.tokenCreate(), a.tokenList(), a.tokenShow(), a.tokenRotate(), a.tokenRevoke())
}

func (a *app) tokenCreate() *cobra.Command {
	var ask model.NewToken
	var project, group, owner, expires string
	var scopes []string
	c := a.leaf("create", "Make a token and print its secret, the only time that it is shown", cobra.NoArgs, func(s *session, _ []string) error {
		ask.Place, ask.Scopes = placeFlags(project, group), splitScopes(scopes)
		switch err := ask.Scopes.Unknown(ask.Kind()); {
		case ask.Place.Kind == model.NoPlace && owner == "":
			return usagef("a token needs --project PATH, --group PATH or --user NAME")
		case owner != "" && ask.Role != model.NoRole:
			return usagef("--role is for project and group tokens: a personal token has its owner's roles")
		case err != nil:
			return usage{err}
		}
		var err error
		if ask.ExpiresOn, err = s.end(expires); err != nil {
			return err
		}
		return s.createToken(ask, owner)
	})
	a.placeFlag(c, "project", &project, "the project that the token is for", projectPaths)
	a.placeFlag(c, "group", &group, "the group that the token is for", groupPaths)
	a.placeFlag(c, "user", &owner, "the person that a personal token is for", usernames)
	f := c.Flags()
	f.StringVar(&ask.Name, "name", "", "what people call it; no secret")
	f.Var(valueFlag[*string]{&ask.Description, func(s string) (*string, error) { return &s, nil }, "string"}, "description", "what it is for")
	f.StringArrayVar(&scopes, "scope", nil, "what it opens: "+strings.ReplaceAll(model.PersonalScopes.String(), " ", ", "))
	completeFlag(c, "scope", strings.Fields(model.PersonalScopes.String())...)
	roleFlag(c, &ask.Role, "guest, planner, reporter, developer, maintainer or owner (guest)")
	endFlag(c, &expires, "the day on which it stops working, at 00:00 UTC: 2027-01-31, jan 31 or 90d (30d)")
	return require(exclude(c, "project", "group", "user"), "name", "scope")
}

// createToken makes a token, for the user if one is named, and hands its secret
// out.
func (s *session) createToken(ask model.NewToken, owner string) error {
	if owner != "" {
		u, err := s.user(owner)
		if err != nil {
			return err
		}
		ask.UserID = u.ID
	}
	t, err := s.store.CreateToken(s.ctx, s.actor, ask)
	if err != nil {
		return err
	}
	return s.handOut(t)
}

// handOut prints new tokens' secrets, a line each: this once (R143).
func (s *session) handOut(made ...model.IssuedToken) error {
	var text strings.Builder
	shapes := make([]tokenShape, len(made))
	for i, t := range made {
		fmt.Fprintln(&text, t.Secret.Reveal())
		shapes[i] = shapeToken(t.Token, s.today())
		shapes[i].Token = t.Secret.Reveal()
	}
	switch {
	case s.json && len(made) == 1:
		text.Reset()
		text.WriteString(jsonText(shapes[0]) + "\n")
	case s.json:
		text.Reset()
		text.WriteString(jsonText(shapes) + "\n")
	}
	if _, err := io.WriteString(s.out, text.String()); err != nil {
		return fmt.Errorf("made %s, but the secret could not be written (%w): revoke it and make another", tokenNames(tokensOf(made)), err)
	}
	for _, t := range made {
		if isTerminal(s.err) {
			s.note("Token %d, %s: its secret above is shown this once. It works until %s 00:00 UTC.", t.ID, t.Name, t.ExpiresOn)
		}
	}
	return nil
}

func tokensOf(made []model.IssuedToken) (tokens []model.Token) {
	for _, t := range made {
		tokens = append(tokens, t.Token)
	}
	return tokens
}

// splitScopes reads scopes parted by commas, from each --scope.
func splitScopes(given []string) model.Scopes {
	var names []string
	for _, list := range given {
		if list != "" {
			names = append(names, strings.Split(list, ",")...)
		}
	}
	return model.NewScopes(names)
}

// placeFlag gives a command a flag that names a place or a user.
func (a *app) placeFlag(c *cobra.Command, name string, to *string, text string, by completer) {
	c.Flags().StringVar(to, name, "", text)
	a.completeFlagBy(c, name, by)
}

// placeFlags is the place that --project or --group names.
func placeFlags(project, group string) model.Ref {
	switch {
	case project != "":
		return model.ProjectRef(project)
	case group != "":
		return model.GroupRef(group)
	}
	return model.Ref{}
}

func tokenColumns(today model.Date) []column[model.Token] {
	return []column[model.Token]{
		{"ID", func(t model.Token) string { return strconv.FormatInt(t.ID, 10) }},
		{"STATE", func(t model.Token) string { return tokenState(t, today) }},
		{"ROLE", tokenRole},
		{"EXPIRES", func(t model.Token) string { return t.ExpiresOn.String() }},
		{"LAST USED", func(t model.Token) string { return moment(t.LastUsedAt) }},
		{"SCOPES", func(t model.Token) string { return t.Scopes.String() }},
		{"OF", tokenPlace},
		{"NAME", func(t model.Token) string { return t.Name }},
	}
}

// tokenState tells also of a token that was rotated and works on for a while
// (R69).
func tokenState(t model.Token, today model.Date) string {
	if t.Replaced() && t.State(today) == model.Active {
		return fmt.Sprintf("replaced by %d, works until %s", t.ReplacedBy, moment(t.ReplacedUntil))
	}
	return t.State(today).String()
}

// tokenRole is empty for personal tokens: they have all their owner's roles.
func tokenRole(t model.Token) string {
	if t.Role == model.NoRole {
		return ""
	}
	return strings.ToLower(t.Role.String())
}

// tokenPlace is what a token belongs to: a project's or group's path, or a person.
func tokenPlace(t model.Token) string {
	if t.Kind == model.PersonalToken {
		return t.User.Username
	}
	return t.PlacePath
}

func (a *app) tokenList() *cobra.Command {
	var project, group string
	c := a.leaf("list [FILTER]", "List tokens, newest last", cobra.ArbitraryArgs, func(s *session, args []string) error {
		filter, err := argument(model.ParseFilter(strings.Join(args, " ")))
		if err != nil {
			return err
		}
		q := model.TokenQuery{In: placeFlags(project, group), Filter: filter, Deleted: true}
		return printList(s, 0, tokenColumns(s.today()), func(t model.Token) any { return shapeToken(t, s.today()) },
			func(p model.Page) (model.List[model.Token], error) { return s.store.Tokens(s.ctx, s.actor, q, p) })
	})
	c.Long = "List tokens, newest last; revoked ones too. FILTER is the console's filter line: words and fields parted by blanks, " +
		"such as role:owner scope:api state:active. Write -- in front if it begins with a minus.\n\n" + filterForms()
	c.Example = `
patrol token list --project acme/web state:active
patrol token list 'role:owner scope:api idle:>90d'
patrol token list -- '-role:guest expires:<30d'`
	a.placeFlag(c, "project", &project, "only this project's own tokens", projectPaths)
	a.placeFlag(c, "group", &group, "only this group's own tokens", groupPaths)
	return exclude(c, "project", "group")
}

// filterForms is the filter's grammar, a line each.
func filterForms() string {
	var text strings.Builder
	for _, f := range model.FilterHelp() {
		fmt.Fprintf(&text, "%-12s %s\n", f.Form, f.Means)
	}
	return text.String()
}

func (a *app) tokenShow() *cobra.Command {
	return a.leaf("show ID", "Show one token, without its secret", cobra.ExactArgs(1), func(s *session, args []string) error {
		id, err := parseNumber("token", args[0])
		if err != nil {
			return err
		}
		t, err := s.store.Token(s.ctx, s.actor, model.Ref{}, id)
		if err != nil {
			return err
		}
		refusals, err := s.store.Refusals(s.ctx, s.actor, id)
		if err != nil {
			return err
		}
		use, err := s.store.TokenUse(s.ctx, s.actor, id)
		if err != nil {
			return err
		}
		return s.printFields(shapeShown(t, s.today(), use, refusals), slices.Concat(tokenFields(t, s.today()), useFields(use, s.today()), refusalFields(refusals))...)
	})
}

func tokenFields(t model.Token, today model.Date) []field {
	description, revoked := "", ""
	if t.Description != nil {
		description = *t.Description
	}
	if !t.RevokedAt.IsZero() {
		revoked = moment(t.RevokedAt)
	}
	return []field{
		{"id", strconv.FormatInt(t.ID, 10)}, {"name", t.Name}, {"description", description},
		{"state", tokenState(t, today)}, {string(t.Kind), tokenPlace(t)}, {"acts as", t.User.Username},
		{"role", tokenRole(t)}, {"scopes", t.Scopes.String()},
		{"created", moment(t.CreatedAt) + " by " + t.CreatedBy.Username}, {"expires", t.ExpiresOn.String()},
		{"revoked", revoked}, {"last used", moment(t.LastUsedAt)}, {"last used from", strings.Join(t.LastUsedIPs, ", ")},
	}
}

func (a *app) tokenRevoke() *cobra.Command {
	var yes bool
	c := a.leaf("revoke ID…", "Revoke tokens, all or none: from the next request on they are refused", cobra.MinimumNArgs(1), func(s *session, args []string) error {
		ids, err := parseNumbers("token", args)
		if err != nil {
			return err
		}
		tokens := make([]model.Token, len(ids))
		for i, id := range ids {
			tokens[i], err = s.store.Token(s.ctx, s.actor, model.Ref{}, id)
			if errors.Is(err, model.ErrDenied) { // let the revocation be refused, and audited (R160)
				tokens[i], err = model.Token{ID: id}, nil
			}
			if err != nil {
				return err
			}
		}
		if s.asks(yes) {
			for _, t := range tokens {
				s.note("%d %s %s, %s", t.ID, t.Name, tokenState(t, s.today()), lastUse(t))
			}
		}
		if err := s.confirm(yes, "Revoke %s? What uses it stops working.", tokenNames(tokens)); err != nil {
			return err
		}
		if err := s.store.RevokeTokens(s.ctx, s.actor, model.Ref{}, ids...); err != nil {
			return err
		}
		shapes := make([]tokenShape, len(tokens))
		for i, t := range tokens {
			shapes[i] = shapeToken(t, s.today())
			shapes[i].Revoked, shapes[i].Active = true, false
		}
		return s.printDone(shapes, "Revoked %s.", tokenNames(tokens))
	})
	return withYes(c, &yes)
}

// tokenNames names tokens in one line: token 5 (deploy, of acme/web).
func tokenNames(tokens []model.Token) string {
	names := make([]string, len(tokens))
	for i, t := range tokens {
		if names[i] = fmt.Sprintf("token %d", t.ID); t.Name != "" {
			names[i] += fmt.Sprintf(" (%s, of %s)", t.Name, tokenPlace(t))
		}
	}
	return strings.Join(names, ", ")
}

// lastUse tells what would miss a token.
func lastUse(t model.Token) string {
	text := "last used " + moment(t.LastUsedAt)
	if len(t.LastUsedIPs) > 0 {
		text += " from " + strings.Join(t.LastUsedIPs, ", ")
	}
	return text
}
