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
	text = strings.TrimSpace(text)
	l.wrong = nil
	if l.parse != nil {
		l.wrong = l.parse(text)
	}
	if l.wrong != nil || text == l.applied {
		return nil
	}
	l.applied = text
	return l.again()
}

func (l *list[T]) filterAct(do keys.Action) tea.Cmd {
	switch do {
	case keys.Filter:
		l.open = true
		if before, word := l.lastWord(); word != "" { // what is typed is one more word
			l.filter.set(before + word + " ")
		}
	case keys.Keep:
		if l.wrong != nil { // it says what; nothing that was typed is lost
			return nil
		}
		l.open = false
		return l.apply()
	case keys.Leave:
		l.open = false
		l.filter.set("")
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
	text := l.filter.String()
	i := strings.LastIndexByte(text, ' ') + 1
	return text[:i], text[i:]
}

// offers are the words that would complete the one being typed.
func (l *list[T]) offers() []string {
	if l.hints == nil || l.filter.at < len(l.filter.text) {
		return nil
	}
	_, word := l.lastWord()
	return l.hints(word)
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

// tokenHints completes fields and their values in a filter line for tokens.
func tokenHints(word string) []string {
	word = strings.TrimPrefix(word, "-")
	if word == "" {
		return nil
	}
	field, value, valued := strings.Cut(word, ":")
	var from, offers []string
	if !valued {
		from = model.FilterFields
	} else {
		done := ""
		if i := strings.LastIndexByte(value, ','); i >= 0 {
			done, value = value[:i+1], value[i+1:]
		}
		for _, v := range filterValues(field) {
			from = append(from, field+":"+done+v)
		}
		field = field + ":" + done + value
	}
	for _, offer := range from {
		if !valued {
			offer += ":"
		}
		if strings.HasPrefix(offer, field) && offer != field {
			offers = append(offers, offer)
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
	}
	return model.FilterValues[field]
}
