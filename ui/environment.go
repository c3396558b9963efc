package ui

import (
	"strconv"
	"strings"
)

// background is what is known of the terminal's.
type background uint8

const (
	darkSoFar background = iota // most are, and it has just been asked
	dark
	light
	untold // it doesn't answer
)

// environment is the variables of the person's side: at the machine itself the
// process's, over SSH what the client sent.
type environment map[string]string

func newEnvironment(list []string) environment {
	env := environment{}
	for _, entry := range list {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return env
}

// number is a variable's value, or what is usual.
func (env environment) number(name string, usual int) int {
	if n, err := strconv.Atoi(env[name]); err == nil && n > 0 && n < 10_000 {
		return n
	}
	return usual
}

// locale is the one in force for characters, in small letters and without
// dashes: "en_us.utf8".
func (env environment) locale() string {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if env[name] != "" {
			return strings.ReplaceAll(strings.ToLower(env[name]), "-", "")
		}
	}
	return ""
}

// background is what some terminals say of theirs before they are asked.
func (env environment) background() background {
	switch env["COLORFGBG"][strings.LastIndexByte(env["COLORFGBG"], ';')+1:] {
	case "", "default":
		return darkSoFar
	case "7", "15":
		return light
	}
	return dark
}

// remote tells whether the person sits at another machine than the program.
func (env environment) remote() bool { return env["SSH_CONNECTION"] != "" || env["SSH_TTY"] != "" }

// multiplexed tells whether tmux or screen stands between.
func (env environment) multiplexed() bool {
	return env["TMUX"] != "" || strings.HasPrefix(env["TERM"], "tmux") || strings.HasPrefix(env["TERM"], "screen")
}
