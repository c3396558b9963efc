package ui

import (
	"context"
	"errors"
	"fmt"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// chain is what is known of the audit chain.
type chain struct {
	look look
	text string // "chain 18 422"; empty: nothing, or it isn't for the person
	why  string // what is wrong with it
}

// causes is the row of a broken chain.
func (c chain) causes() []cause {
	if c.why == "" {
		return nil
	}
	return []cause{{key: "chain", rank: brokenChain, look: bad, what: "the audit log was changed", so: c.why, open: func(a *App) tea.Cmd { return a.push(newLog(a)) }}}
}

// verifyUpTo is how many entries of the audit log are verified without being
// asked to: more take a noticeable while.
const verifyUpTo = 20_000

// verify checks the audit chain, if it is short or somebody asks for it.
func (h *home) verify(asked bool) tea.Cmd {
	a := h.app
	verifies := a.capOf(keys.Reload, keys.Global) + " verifies"
	return ask(a, &h.verifying, func(ctx context.Context) (c chain, err error) {
		last, err := a.Store.Entries(ctx, a.Actor, model.AuditQuery{}, model.Page{Limit: 1})
		switch {
		case errors.Is(err, model.ErrDenied):
			return c, nil
		case err != nil:
			return c, err
		case len(last.Rows) > 0 && last.Rows[0].Number > verifyUpTo && !asked:
			return chain{look: off, text: "chain " + group(int(last.Rows[0].Number)) + ": " + verifies}, nil
		}
		report, err := a.Store.VerifyAudit(ctx, a.Actor)
		if report.Broken != 0 {
			return chain{look: bad, text: "chain broken", why: fmt.Sprintf("entry %s: %s", group(int(report.Broken)), clean(report.Problem))}, err
		}
		return chain{look: okay, text: "chain " + group(int(report.Entries))}, err
	}, func(c chain, err error) tea.Cmd {
		if err != nil {
			a.fail(err)
			return nil
		}
		h.chain = c
		h.show()
		return nil
	})
}

// look reads where serve is.
func (h *home) look() tea.Cmd {
	a := h.app
	return ask(a, &h.looking, a.Store.URL, func(base string, err error) tea.Cmd {
		if err == nil { // else the rows, which are read from the same store, say it
			h.base, h.looked = base, true
		}
		return nil
	})
}

// state is what row 2 says at its end: the chain and serve.
func (h *home) state() string {
	th, text := h.app.theme, ""
	if h.begins {
		return ""
	}
	if h.chain.text != "" {
		text = th.state(h.chain.look, h.chain.text)
	}
	if !h.looked {
		return text
	}
	if text != "" {
		text += th.paint(dim, " · ")
	}
	switch {
	case h.base == "" && h.app.serves().can() == nil:
		return text + th.state(off, "not served: "+h.app.capOf(keys.Serve, keys.Home)+" serves")
	case h.base == "":
		return text + th.state(off, "not served")
	}
	return text + th.state(okay, "serve "+clean(h.base))
}
