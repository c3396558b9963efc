package model

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the longest name, description or path part, in characters (R7, R50).
const MaxName = 255

// CleanName trims white space and tells what is wrong with the rest as a
// token's name (R50) or, with blank allowed, as a person's full name. The text
// is empty if nothing is.
func CleanName(s string, blank bool) (name, wrong string) {
	name = strings.TrimFunc(s, unicode.IsSpace)
	switch {
	case name == "" && !blank:
		return name, "can't be blank"
	case !utf8.ValidString(name):
		return name, "is not valid UTF-8"
	case utf8.RuneCountInString(name) > MaxName:
		return name, "is too long (maximum is 255 characters)"
	case strings.ContainsFunc(name, unwelcome):
		return name, "can't contain control characters or direction marks"
	}
	return name, ""
}

// CheckDescription tells what is wrong with a token's, project's or group's
// description (R51). Line ends and tabs are welcome there.
func CheckDescription(s string) (wrong string) {
	switch {
	case !utf8.ValidString(s):
		return "is not valid UTF-8"
	case utf8.RuneCountInString(s) > MaxName:
		return "is too long (maximum is 255 characters)"
	case strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && r != '\r' && r != '\t' && unwelcome(r) }):
		return "can't contain control characters or direction marks"
	}
	return ""
}

// unwelcome are control characters and the marks that turn the direction of
// text around (R50).
func unwelcome(r rune) bool {
	return unicode.IsControl(r) || r == 0x061C || r == 0x200E || r == 0x200F ||
		0x202A <= r && r <= 0x202E || 0x2066 <= r && r <= 0x2069
}

var pathPart = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*$`)

var reservedPaths = map[string]bool{"api": true, "-": true, "jwt": true, "auth": true, "ghost": true, "v2": true}

// CheckPathPart tells what is wrong with one part of a group's or project's
// path (R7). top: it stands at top level.
func CheckPathPart(s string, top bool) (wrong string) {
	lower := strings.ToLower(s)
	switch {
	case s == "":
		return "can't be blank"
	case len(s) > MaxName:
		return "is too long (maximum is 255 characters)"
	case !pathPart.MatchString(s) || s[0] == '.' || strings.HasSuffix(s, "."),
		strings.HasSuffix(lower, ".git"), strings.HasSuffix(lower, ".atom"):
		return "can contain only letters, digits, '_', '-' and '.', cannot start with '-' or '.', and cannot end in '.', '.git' or '.atom'"
	case top && reservedPaths[lower]:
		return "is a reserved name"
	case top && strings.Trim(s, "0123456789") == "":
		return "cannot be digits only at top level"
	}
	return ""
}

var botName = regexp.MustCompile(`(?i)^(project|group)_.*_bot`)

// CheckUsername tells what is wrong with a person's username (R7).
func CheckUsername(s string) (wrong string) {
	switch {
	case s == "":
		return "can't be blank"
	case len(s) > MaxName:
		return "is too long (maximum is 255 characters)"
	case !pathPart.MatchString(s) || s[0] == '.' || strings.HasSuffix(s, "."),
		strings.HasSuffix(strings.ToLower(s), ".git"), strings.HasSuffix(strings.ToLower(s), ".atom"):
		return "can contain only letters, digits, '_', '-' and '.', cannot start with '-' or '.', and cannot end in '.', '.git' or '.atom'"
	case strings.EqualFold(s, "ghost"):
		return "is reserved for the Ghost User"
	case botName.MatchString(s):
		return "is reserved for bots"
	}
	return ""
}

var emailPattern = regexp.MustCompile(`^[^\s@[:cntrl:]]+@[^\s@[:cntrl:]]+$`)

// CheckEmail tells what is wrong with a person's e-mail address.
func CheckEmail(s string) (wrong string) {
	if len(s) > MaxName || !utf8.ValidString(s) || !emailPattern.MatchString(s) || strings.ContainsFunc(s, unwelcome) {
		return "is invalid"
	}
	return ""
}
