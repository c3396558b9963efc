package ui

import (
	"context"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/muesli/cancelreader"
)

// typed reads what the person types. Bubble Tea doesn't do it itself, because its
// reader waits for ever for the end of a paste, takes an ESC that is 50 ms alone
// for a key, and stays behind if a session is lost in the middle of a key.
type typed struct {
	ctx    context.Context
	pieces chan []byte
	lost   func() // the terminal is gone
	keys   sequences
}

// listen sends what is typed in whole keys, answers and pastes, until ctx ends
// or the terminal is gone: then it calls lost.
func listen(ctx context.Context, in io.Reader, env environment, send func(tea.Msg), lost func()) error {
	input, err := cancelreader.NewReader(in)
	if err != nil {
		return err
	}
	t := &typed{ctx: ctx, pieces: make(chan []byte), lost: lost, keys: sequences{remote: env.remote()}}
	decoder := uv.NewTerminalReader(t, env["TERM"])
	decoder.EscTimeout = time.Millisecond // everything comes whole
	events := make(chan uv.Event)
	context.AfterFunc(ctx, func() { input.Cancel() })
	go func() { // where a read can't be cancelled, it ends with the session
		defer input.Close()
		t.read(input)
	}()
	go func() {
		defer close(events)
		decoder.StreamEvents(ctx, events) // Read has no error but the end
	}()
	go func() {
		for event := range events {
			send(event)
		}
	}()
	return nil
}

// read takes pieces as they come.
func (t *typed) read(in io.Reader) {
	defer close(t.pieces)
	for {
		piece := make([]byte, 4096)
		n, err := in.Read(piece)
		if n > 0 {
			select {
			case t.pieces <- piece[:n]:
			case <-t.ctx.Done():
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// Read hands on what is whole.
func (t *typed) Read(p []byte) (int, error) {
	for len(t.keys.out) == 0 {
		if !t.await() {
			return 0, io.EOF
		}
	}
	n := copy(p, t.keys.out)
	t.keys.out = append(t.keys.out[:0], t.keys.out[n:]...)
	return n, nil
}

// await waits for the next piece, or for a silence that ends what is held; false:
// there is nothing more.
func (t *typed) await() bool {
	began, wait := time.Now(), t.keys.wait()
	var silent <-chan time.Time
	if wait > 0 {
		silent = time.After(wait)
	}
	select {
	case piece, ok := <-t.pieces:
		if !ok {
			t.lost()
			return false
		}
		t.keys.feed(piece)
	case <-silent:
		if time.Since(began) < 2*wait { // else this program stood still itself: that was no silence
			t.keys.silent()
		}
	case <-t.ctx.Done():
		return false
	}
	return true
}
