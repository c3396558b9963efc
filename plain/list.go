package plain

import (
	"strconv"
	"strings"

	"patrol/model"
)

// rowsAtOnce is how many rows are read out before a question.
const rowsAtOnce = 20

// command is one answer that a list takes beside numbers.
type command struct {
	letter, does string
	do           func(rest string) error
}

// list reads rows out, a page at a time, and does what is answered. filter is nil
// where rows can't be filtered.
type list[T any] struct {
	title    func() string
	fetch    func(filter string, p model.Page) (model.List[T], error)
	line     func(T) string
	open     func(T) error
	filter   *string
	commands func(rows []T) []command
}

func show[T any](s *session, l list[T]) error {
	for { // from the top, as often as something was done
		var rows []T
		s.say("%s", l.title())
		for then, after := on, ""; then == on; {
			filter := ""
			if l.filter != nil {
				filter = *l.filter
			}
			found, err := l.fetch(filter, model.Page{Limit: rowsAtOnce, After: after})
			if err != nil {
				return err
			}
			for i, row := range found.Rows {
				s.say("%d %s", len(rows)+i+1, l.line(row))
			}
			rows, after = append(rows, found.Rows...), found.Next
			if len(rows) == 0 {
				s.say("There are none.")
			}
			for then = unclear; then == unclear; {
				then, err = answer(s, l, rows, after != "")
				if err = s.fail(err); err != nil {
					return err
				}
			}
			if then == stop {
				return nil
			}
		}
	}
}

// What follows an answer.
const (
	stop    = iota
	on      // the next page
	anew    // the first page again
	unclear // the question again
)

// answer asks what to do with the rows, and does it.
func answer[T any](s *session, l list[T], rows []T, more bool) (then int, err error) {
	var words []string
	if l.open != nil && len(rows) > 0 {
		words = append(words, "number opens")
	}
	var commands []command
	if l.commands != nil {
		commands = l.commands(rows)
	}
	for _, c := range commands {
		words = append(words, c.letter+" "+c.does)
	}
	if more {
		words = append(words, "m more")
	}
	if l.filter != nil {
		words = append(words, "/text filters")
	}
	line, err := s.ask("%s; b back:", strings.Join(words, "; "))
	if err != nil {
		return stop, err
	}
	letter, rest, _ := strings.Cut(line, " ")
	switch n, notNumber := strconv.Atoi(line); {
	case line == "b":
		return stop, nil
	case line == "":
		return anew, nil
	case line == "m" && more:
		return on, nil
	case strings.HasPrefix(line, "/") && l.filter != nil:
		*l.filter = strings.TrimSpace(line[1:])
		return anew, nil
	case notNumber == nil && l.open != nil && n >= 1 && n <= len(rows):
		return anew, l.open(rows[n-1])
	}
	for _, c := range commands {
		if c.letter == letter {
			return anew, c.do(strings.TrimSpace(rest))
		}
	}
	return unclear, s.elsewhere(line)
}

// picked are the rows with the numbers that are typed: "2 5 7", or "all".
func picked[T any](rows []T, numbers string) (list []T, ok bool) {
	if numbers == "all" {
		return rows, len(rows) > 0
	}
	for _, word := range strings.FieldsFunc(numbers, func(r rune) bool { return r == ' ' || r == ',' }) {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || n > len(rows) {
			return nil, false
		}
		list = append(list, rows[n-1])
	}
	return list, len(list) > 0
}
