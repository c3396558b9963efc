package ui

import (
	"errors"
	"strings"
	"time"

	"patrol/keys"

	tea "charm.land/bubbletea/v2"
)

// question is what a confirmation asks.
type question struct {
	title   string
	lines   []string
	yesWord string
	typed   string // words that must be typed before yes works; empty: none
	yes     func() tea.Cmd
	no      func() tea.Cmd // besides closing the box; may be nil
	quits   bool           // yes ends the console: the key that asked for it means yes
}

// confirm is the one question with a yes and a no, drawn over a screen. It
// stands on No, and takes no key for 200 ms, so that a held enter cannot fall
// through from the screen below.
type confirm struct {
	quiet
	app   *App
	q     question
	awake bool
	yes   bool // chosen
	in    input
	w     int
	timer request
}

const confirmSleeps = 200 * time.Millisecond

func newConfirm(a *App, q question) *confirm { return &confirm{app: a, q: q} }

func (c *confirm) box() bool { return true }

func (c *confirm) crumbs() []string { return []string{c.q.title} }

func (c *confirm) load() tea.Cmd {
	if c.awake || c.timer.number > 0 {
		return nil
	}
	return c.app.wait(&c.timer, confirmSleeps, func() tea.Cmd {
		c.awake = true
		return nil
	})
}

func (c *confirm) resize(w, _ int) { c.w = w }

func (c *confirm) set() keys.Set {
	if c.q.typed != "" {
		return keys.TypedAnswer
	}
	return keys.Question
}

func (c *confirm) typing() bool { return c.q.typed != "" }

func (c *confirm) update(msg tea.Msg) tea.Cmd {
	if c.awake {
		c.in.update(msg)
	}
	return nil
}

func (c *confirm) act(p press) tea.Cmd {
	if !c.awake {
		return nil
	}
	switch p.action {
	case keys.Choose:
		c.yes = !c.yes
	case keys.Yes:
		return c.answer(true)
	case keys.No:
		return c.answer(false)
	case keys.Answer:
		if c.q.typed == "" {
			return c.answer(c.yes)
		}
		if strings.TrimSpace(c.in.String()) != c.q.typed {
			c.app.fail(errors.New("type " + c.q.typed + " first, or esc"))
			return nil
		}
		return c.answer(true)
	}
	return nil
}

func (c *confirm) answer(yes bool) tea.Cmd {
	c.app.stack = c.app.stack[:len(c.app.stack)-1]
	switch {
	case yes:
		return c.q.yes()
	case c.q.no != nil:
		return c.q.no()
	}
	return nil
}

func (c *confirm) view() page {
	th := c.app.theme
	inner := max(min(48, c.w-4), 10)
	if c.app.low() {
		inner = max(c.w-4, 10)
	}
	var body []string
	for _, line := range c.q.lines {
		body = append(body, wrap(line, inner)...)
	}
	p := page{}
	no, yes, bottom := " No ", " "+c.q.yesWord+" ", "←→ enter · y n · esc"
	if c.q.typed != "" {
		text, x := c.in.view(inner - width("Type "+c.q.typed) - 3)
		p.cursor = &position{2 + width("Type "+c.q.typed) + 2 + x, len(body) + 1}
		body = append(body, "Type "+th.paint(accent, c.q.typed)+"  "+text)
		bottom = "enter, once it fits · esc"
		if strings.TrimSpace(c.in.String()) == c.q.typed {
			yes = th.paint(bad, "["+c.q.yesWord+"]")
		} else {
			no = th.paint(accent, "[No]")
			yes = th.paint(dim, yes)
		}
	} else if c.yes {
		yes = th.paint(bad, "["+c.q.yesWord+"]")
	} else {
		no = th.paint(accent, "[No]")
	}
	buttons := no + "   " + yes
	if !c.app.low() {
		body = append(body, "")
	}
	body = append(body, blanks((inner-width(buttons))/2)+buttons)
	if p.cursor == nil {
		x := (inner - width(buttons)) / 2
		if c.yes {
			x += width(no) + 3
		}
		p.cursor = &position{2 + x, len(body)}
	}
	p.rows = boxRows(th, c.q.title, bottom, body, inner)
	return p
}

// boxRows draws a box around rows of inner cells, with a title above and a hint
// below.
func boxRows(th *theme, title, bottom string, body []string, inner int) []string {
	edge := func(left, text, right string) string {
		text = cut(text, inner-2)
		return th.paint(dim, left) + text + th.paint(dim, strings.Repeat("─", max(inner+2-width(text), 0))+right)
	}
	rows := []string{edge("┌", "─ "+th.paint(accent, clean(title))+" ", "┐")}
	for _, line := range body {
		rows = append(rows, th.paint(dim, "│")+" "+fit(line, inner)+" "+th.paint(dim, "│"))
	}
	return append(rows, edge("└", " "+bottom+" ", "┘"))
}

// wrap breaks a line at blanks into lines of at most w cells, and what is longer
// anywhere.
func wrap(s string, w int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && width(line)+1+width(word) <= w {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for line = word; width(line) > w; line = drop(line, w) {
			lines = append(lines, keep(line, w))
		}
	}
	return append(lines, line)
}
