package model

import "regexp"

// botUsername holds the three generations of R102 and R103: of 16.x, of 13.0,
// and of 13.x for the second and later ones.
var botUsername = regexp.MustCompile(`^(project|group)_[1-9][0-9]{0,17}_bot(|_[0-9a-f]{16}|[1-9][0-9]{0,17})$`)

// CheckBotUsername tells what is wrong with the username of a bot of a kind of
// place, as an import brings it (R102, R103). The number in it is that of the
// place where the bot was made, which needn't be its number here. The text is
// empty if nothing is wrong.
func CheckBotUsername(of PlaceKind, s string) (wrong string) {
	found := botUsername.FindStringSubmatch(s)
	switch {
	case found == nil:
		return "must be " + of.String() + "_ID_bot, " + of.String() + "_ID_botN, or " + of.String() + "_ID_bot_ and 16 hexadecimal digits"
	case found[1] != of.String():
		return "is that of a " + found[1] + "'s bot"
	}
	return ""
}
