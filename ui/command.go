package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// act is something that was done here, and the command that does the same.
type act struct {
	at      time.Time
	command string
}

// maxActs is how many a console remembers.
const maxActs = 200

// acted keeps the command of what was just done, and shows it in the last row
// until the next key. It never holds a secret.
func (a *App) acted(words ...string) {
	if a.Actor.AsID != 0 && a.me.Username != "" {
		words = append([]string{"--as", a.me.Username}, words...)
	}
	a.command = commandLine(words...)
	a.acts = append(a.acts, act{a.now(), a.command})
	a.acts = a.acts[max(len(a.acts)-maxActs, 0):]
}

// commandLine is a command of patrol as a shell takes it.
func commandLine(words ...string) string {
	line := "patrol"
	for _, word := range words {
		line += " " + shellWord(word)
	}
	return line
}

// shellWord is a word as a shell takes it, whatever is in it.
func shellWord(word string) string {
	flag, value, ok := strings.Cut(word, "=")
	if ok && strings.HasPrefix(flag, "--") {
		return flag + "=" + shellWord(value)
	}
	if strings.ContainsFunc(word, unicode.IsControl) {
		var b strings.Builder
		for _, c := range []byte(word) {
			if c < ' ' || c == 0x7f || c == '\'' || c == '\\' {
				fmt.Fprintf(&b, `\x%02x`, c)
			} else {
				b.WriteByte(c)
			}
		}
		return "$'" + b.String() + "'"
	}
	return quoted(word)
}

// option is a flag with its value; without one there is none.
func option(name, value string) []string {
	if value == "" {
		return nil
	}
	return []string{"--" + name + "=" + value}
}

func dateOption(name string, d model.Date) []string {
	if d == 0 {
		return nil
	}
	return option(name, d.String())
}

// tokenCommand makes the token that was asked for.
func tokenCommand(n model.NewToken, in spot) []string {
	words := append([]string{"token", "create"}, option(in.Kind.String(), in.path)...)
	words = append(words, option("name", n.Name)...)
	if n.Description != nil {
		words = append(words, option("description", *n.Description)...)
	}
	if n.Role != model.NoRole {
		words = append(words, option("role", strings.ToLower(n.Role.String()))...)
	}
	words = append(words, option("scope", strings.Join(strings.Fields(n.Scopes.String()), ","))...)
	return append(words, dateOption("expires", n.ExpiresOn)...)
}

func rotateCommand(r model.Rotation, ids ...int64) []string {
	words := append(idWords("rotate", ids), option("overlap", fmt.Sprint(r.OverlapHours))...)
	words = append(words, dateOption("expires", r.ExpiresOn)...)
	return append(words, dateOption("spread-to", r.SpreadTo)...)
}

func idWords(verb string, ids []int64) []string {
	words := []string{"token", verb}
	for _, id := range ids {
		words = append(words, fmt.Sprint(id))
	}
	return words
}

func memberCommand(verb string, in spot, name string, role model.Role, ends model.Date) []string {
	words := append([]string{"member", verb, in.path, name}, option("role", strings.ToLower(role.String()))...)
	if verb == "set" && ends == 0 {
		return append(words, option("expires", "never")...)
	}
	return append(words, dateOption("expires", ends)...)
}

// commandRow is the last row after something was done; "": the keys stand there,
// as they do while a secret waits to be stored: the command comes after that.
func (a *App) commandRow() string {
	if a.command == "" || a.front().box() || a.front().once() || a.slim() {
		return ""
	}
	hint := a.theme.paint(dim, keys.Cap(a.copyKey())+" copies")
	return " " + spread("≡ "+cut(clean(a.command), a.w-width(hint)-6), hint, a.w-2)
}

// copyKey is the key that copies what a list shows: while a command is shown it
// copies that.
func (a *App) copyKey() string {
	b, _ := keys.Find(a.Console.Keys.Of(keys.AllTokens), keys.Copy)
	return b.Keys[0]
}

// newActs lists what was done in this console, newest first.
func newActs(a *App) screen {
	done := slices.Clone(a.acts)
	slices.Reverse(done)
	type numbered struct {
		act
		n int64
	}
	l := &list[numbered]{app: a, keys: keys.Acts, what: "what was done", empty: "Nothing was changed in this console yet.",
		path: func() []string { return []string{"Commands"} }, id: func(n numbered) int64 { return n.n }}
	l.columns = []column[numbered]{
		{head: "WHEN (UTC)", worth: 2, cell: func(n numbered) string { return n.at.Format("15:04:05") }},
		{head: "COMMAND THAT DOES THE SAME", worth: 1, least: 10, cell: func(n numbered) string { return clean(n.command) }},
	}
	l.fetch = func(context.Context, wanted, model.Page) (rows model.List[numbered], err error) {
		for i, act := range done {
			rows.Rows = append(rows.Rows, numbered{act, int64(i)})
		}
		rows.Total = len(done)
		return rows, nil
	}
	l.deeds = map[keys.Action]deed{
		keys.Copy: l.row(func(n numbered) tea.Cmd { return a.copyText(n.command, "the command") }, nil),
	}
	return l
}
