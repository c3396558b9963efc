package ui

import (
	"errors"
	"slices"
	"strings"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// update takes what is typed into the filter line. The rows follow at every
// keystroke that leaves it right; else the last good ones stay.
func (l *list[T]) update(msg tea.Msg) tea.Cmd {
	if !l.filter.update(msg) {
		return nil
	}
	return l.apply()
}

// apply shows what fits the line, but for a field's name that is only being typed:
// it would find nothing as a word.
func (l *list[T]) apply() tea.Cmd {
	text := l.filter.String()
	if before, word := l.lastWord(); l.open && l.hints != nil && slices.ContainsFunc(model.FilterFields, func(field string) bool {
		return len(word) > 1 && strings.HasPrefix(field, strings.TrimPrefix(word, "-"))
	}) {
		text = before
	}
	l.wrong = nil
	if l.parse != nil {
		l.wrong = l.parse(text)
	}
	if l.wrong != nil && l.open && unfinished(l.wrong, text) { // no mistake yet
		l.wrong = nil
		return nil
	}
	if text = strings.TrimSpace(text); l.wrong != nil || text == l.applied {
		return nil
	}
	l.applied = text
	return l.again()
}

// unfinished tells whether only the word that is being typed is wrong, and that
// only because it isn't complete.
func unfinished(wrong error, text string) bool {
	var e *model.FilterError
	return errors.As(wrong, &e) && e.Unfinished && e.End == len(text)
}

func (l *list[T]) filterAct(do keys.Action) tea.Cmd {
	switch do {
	case keys.Filter:
		l.open = true
		if before, word := l.lastWord(); word != "" { // what is typed is one more word
			l.filter.set(before + word + " ")
		}
	case keys.Keep:
		l.open = false
		cmd := l.apply()
		l.open = l.wrong != nil // it says what; nothing that was typed is lost
		return cmd
	case keys.Leave:
		l.open = false
		l.filter.set(l.preset)
		return l.apply()
	case keys.Complete:
		if offers := l.offers(); len(offers) > 0 {
			before, _ := l.lastWord()
			l.filter.set(before + offers[0])
			return l.apply()
		}
	}
	l.scroll()
	return nil
}

// lastWord parts what is typed before the cursor's word from that word.
func (l *list[T]) lastWord() (before, word string) {
	text, quoted, start := l.filter.String(), false, 0
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == ' ' && !quoted:
			start = i + 1
		}
	}
	return text[:start], text[start:]
}

// offers are the words that would complete the one being typed.
func (l *list[T]) offers() []string {
	if l.hints == nil || !l.filter.atEnd() {
		return nil
	}
	_, word := l.lastWord()
	return l.hints(word)
}

// searched is the parse of a list whose filter is searched for as it stands.
func searched(rows string) func(string) error {
	return func(line string) error { return model.CheckSearch(line, rows) }
}

// narrow opens the list with a filter, which esc goes back to.
func (l *list[T]) narrow(filter string) {
	l.filter.set(filter)
	l.applied, l.preset = filter, filter
}

// wrongWith is what is wrong with a filter; nil: nothing.
func (l *list[T]) wrongWith(filter string) error {
	if l.parse == nil {
		return nil
	}
	return l.parse(filter)
}

// filterLine draws the line in w cells, and tells where its cursor stands.
func (l *list[T]) filterLine(w int) (line string, x int) {
	prompt := " / "
	text, x := l.filter.view(w - width(prompt))
	return l.app.theme.paint(accent, prompt) + text, x + width(prompt)
}

// filterError draws what is wrong under the word it is wrong with.
func (l *list[T]) filterError() string {
	at := len(" / ")
	var e *model.FilterError
	if errors.As(l.wrong, &e) {
		text := l.filter.String()
		at += width(text[:min(max(e.Start, 0), len(text))])
	}
	message := l.app.theme.state(bad, clean(l.wrong.Error()))
	return blanks(max(min(at, l.w-width(message)), 0)) + message
}

// tokenHints completes what is being typed of a field or of one of its values,
// in a filter line for tokens. Everything in front of that stays as it is: the
// sign, the field, other values.
func tokenHints(word string) (offers []string) {
	typed := strings.TrimPrefix(word, "-")
	if typed == "" {
		return nil
	}
	from, end := model.FilterFields, ":"
	if field, values, valued := strings.Cut(typed, ":"); valued {
		from, end = filterValues(strings.ToLower(field)), ""
		typed = values[strings.LastIndexByte(values, ',')+1:]
	}
	kept := strings.TrimSuffix(word, typed)
	for _, whole := range from {
		if strings.HasPrefix(whole, strings.ToLower(typed)) && whole+end != strings.ToLower(typed) {
			offers = append(offers, kept+whole+end)
		}
	}
	return offers
}

func filterValues(field string) []string {
	switch field {
	case "created":
		return []string{"<7d", "<30d", ">90d"}
	case "expires":
		return []string{"<7d", "<30d", ">30d"}
	case "last-used":
		return []string{"<7d", ">90d", "never"}
	case "idle":
		return []string{">30d", ">90d", ">365d"}
	}
	return model.FilterValues[field]
}
