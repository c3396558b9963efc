package door

import (
	"io"
	"net/http"
	"time"
)

// Pace is for a request whose body or answer is large: it may take any time, as
// long as some move within House.Stall. Its body must be read, and its answer written, by one
// goroutine.
func (q *Request) Pace() {
	q.unlimit(pacing)
	q.Control.SetWriteDeadline(time.Time{})
	if q.R.Body != nil {
		q.R.Body = &pacedBody{q.R.Body, q}
	}
	q.W = &pacedAnswer{q.W, q}
}

// patience is until when the next byte has to move.
func (q *Request) patience() time.Time {
	if q.conn != nil && q.conn.isHurried() {
		return time.Now().Add(hurriedPace)
	}
	return time.Now().Add(q.House.Stall)
}

func (c *connection) isHurried() bool {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	return c.all.hurried
}

type pacedBody struct {
	io.ReadCloser
	q *Request
}

func (b *pacedBody) Read(into []byte) (int, error) {
	b.q.Control.SetReadDeadline(b.q.patience())
	n, err := b.ReadCloser.Read(into)
	if err == io.EOF { // net/http now reads on, to learn when the client goes away
		b.q.Control.SetReadDeadline(time.Time{})
	}
	return n, err
}

type pacedAnswer struct {
	http.ResponseWriter
	q *Request
}

func (a *pacedAnswer) Write(piece []byte) (int, error) {
	a.q.Control.SetWriteDeadline(a.q.patience())
	return a.ResponseWriter.Write(piece)
}

func (a *pacedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
