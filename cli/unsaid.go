package cli

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"patrol/model"
)

const unsaid = "[hidden]"

// unsay takes out of an error's text what was typed and may be a secret: people
// paste into the wrong place, and standard error is kept in logs (R143). typed
// are the arguments, and what the environment says instead of them. Wrong usage
// repeats plain words only; other errors, which name files and places, all but
// what looks like a secret.
func unsay(text string, typed []string, wrongUsage bool) string {
	may := sayable
	if !wrongUsage {
		may = func(part string) bool { return !looksSecret(part) }
	}
	for _, argument := range typed {
		for _, part := range parts(argument) {
			if !may(part) {
				text = strings.ReplaceAll(text, strconv.Quote(part), unsaid)
				text = strings.ReplaceAll(text, part, unsaid)
			}
		}
	}
	return text
}

// parts are an argument, longest first, and what an error may name of it: a
// flag's name and value, and each item of a list.
func parts(argument string) []string {
	all := []string{argument}
	bare := strings.TrimLeft(argument, "-")
	name, value, _ := strings.Cut(bare, "=")
	all = append(all, bare, value, name)
	all = append(all, strings.Split(value, ",")...)
	return append(all, strings.FieldsFunc(bare, func(r rune) bool { return strings.ContainsRune(", \t\n:", r) })...)
}

const (
	sayableLength     = 12 // bytes; a secret is never so short (R140)
	sayableWordLength = 26 // bytes; of a word, as commands, flags, fields and values are
)

var plainWord = regexp.MustCompile(`^-*[a-z]+([-_.][a-z]+)*$`)

// sayable tells whether nobody could take a text for a secret.
func sayable(text string) bool {
	return !strings.Contains(text, model.DefaultPrefix) &&
		(len(text) <= sayableLength || len(text) <= sayableWordLength && plainWord.MatchString(text))
}

var (
	secretRun = regexp.MustCompile(`[A-Za-z0-9_-]{` + strconv.Itoa(model.SecretLength) + `,}`)
	wordy     = regexp.MustCompile(`^(([A-Z]?[a-z]+)*|[A-Z]+)[0-9]*$`)
)

// looksSecret tells whether in a text stands what begins as secrets do, or is as
// long and as mixed as they are.
func looksSecret(text string) bool {
	if strings.Contains(text, model.DefaultPrefix) {
		return true
	}
	for _, run := range secretRun.FindAllString(text, -1) {
		for _, segment := range strings.FieldsFunc(run, func(r rune) bool { return r == '-' || r == '_' }) {
			if !wordy.MatchString(segment) {
				return true
			}
		}
	}
	return false
}

// typed is all that a person could have said to this run.
func (a *app) typed(args []string) []string {
	for _, name := range []string{"PATROL_DB", "PATROL_REPOS", "PATROL_USER", "PATROL_AT"} {
		args = append(args[:len(args):len(args)], a.getenv(name))
	}
	return args
}

// flagError tells what is wrong with a flag. Of letters that were written
// together it names only the one.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		err = fmt.Errorf("there is no flag -%.1s", unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		err = fmt.Errorf("there is no flag --%s", unknown.GetSpecifiedName())
	case errors.As(err, new(*strconv.NumError)) && errors.As(err, &value):
		err = fmt.Errorf("--%s takes a number", value.GetFlag().Name)
	case errors.As(err, &value):
		err = fmt.Errorf("--%s: %w", value.GetFlag().Name, errors.Unwrap(value))
	case errors.As(err, &missing):
		err = fmt.Errorf("--%s needs a value", missing.GetFlag().Name)
	default: // pflag.InvalidSyntaxError
		err = errors.New("a flag is written --name or --name=value")
	}
	return usagef("%w; see %s --help", err, c.CommandPath())
}
