package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Reader reads repositories for many at once. To start a Git process costs more
// than most answers do: so one `git cat-file --batch` a repository in use stays
// for a while, warm for whoever reads there next.
type Reader struct {
	program Program
	most    int           // processes that answer or are warm
	slots   *Slots        // one for each View
	warmth  time.Duration // how long a process stays warm without work
	age     time.Duration // and at all: it holds packs open that were put together since
	walk    time.Duration // what one list of a repository may take

	mu       sync.Mutex
	alive    int            // cat-files, in use or warm
	idle     []*catFile     // the warm ones; that used last is the last
	expiring sync.WaitGroup // those that are not warm any more, but still end
}

// ErrNotThere is why something can't be read: it isn't in the repository, or not
// in a form that Git would have written.
var ErrNotThere = errors.New("not in the repository")

// ErrTooLong is why a list is given up: Git has worked at it for half a minute.
var ErrTooLong = errors.New("it takes Git too long")

// NewReader makes one, for at most most views at once; one peer gets half.
func NewReader(program Program, most int) *Reader {
	return &Reader{program: program, most: most, slots: NewSlots(most), warmth: 30 * time.Second, age: 10 * time.Minute, walk: 30 * time.Second}
}

// Close opens no more views, waits until all are closed, and ends what is warm.
func (r *Reader) Close() {
	r.slots.Close()
	r.mu.Lock()
	idle := r.idle
	r.idle = nil
	r.alive -= len(idle)
	r.mu.Unlock()
	for _, c := range idle {
		c.end()
	}
	r.expiring.Wait()
}

// View is one request's reading in one repository. It isn't safe for use by
// several goroutines.
type View struct {
	reader     *Reader
	ctx        context.Context
	peer       string
	repository string

	cat  *catFile    // nil: none is needed yet
	stop func() bool // keeps the end of ctx from ending cat
}

// Open waits until patience is done for a place among those that read. Only if ok
// the view must be closed. What it does is ended with ctx.
func (r *Reader) Open(ctx, patience context.Context, peer, repository string) (v *View, ok bool) {
	if !r.slots.Take(patience, peer) {
		return nil, false
	}
	return &View{reader: r, ctx: ctx, peer: peer, repository: repository}, true
}

// Close gives the place back. A view may be closed more than once.
func (v *View) Close() {
	if v.reader == nil {
		return
	}
	v.giveBack()
	v.reader.slots.Free(v.peer)
	v.reader = nil
}

// giveBack leaves the process warm for the next one, if it still is in order.
func (v *View) giveBack() {
	if v.cat == nil {
		return
	}
	c := v.cat
	v.cat = nil
	if untouched := v.stop(); !untouched || c.broken || !c.skip() || time.Since(c.started) > v.reader.age {
		v.reader.drop(c)
		return
	}
	v.reader.keep(c)
}

// take makes sure that the view has a process. fresh: it has just been started.
func (v *View) take() (fresh bool, err error) {
	if v.cat != nil && !v.cat.broken && v.cat.skip() {
		return false, nil
	}
	v.giveBack()
	folder, err := os.Stat(v.repository)
	if err != nil {
		return false, err
	}
	c := v.reader.warm(v.repository, folder)
	if fresh = c == nil; fresh {
		if c, err = v.reader.start(v.repository, folder); err != nil {
			return false, err
		}
	}
	v.cat, v.stop = c, context.AfterFunc(v.ctx, c.process.end)
	return fresh, nil
}

// object asks for one object, by an id or the full name of a ref. What was left
// of the one before is gone. A process that has died while nobody looked is
// replaced.
func (v *View) object(name string) (*object, error) {
	for {
		if err := v.ctx.Err(); err != nil {
			return nil, err
		}
		fresh, err := v.take()
		if err != nil {
			return nil, err
		}
		o, err := v.cat.ask(name)
		switch {
		case err == nil, errors.Is(err, ErrNotThere):
			return o, err
		case v.ctx.Err() != nil:
			return nil, v.ctx.Err()
		case fresh:
			return nil, fmt.Errorf("git cat-file in %s: %w: %s", v.repository, err, v.cat.says())
		}
	}
}

// warm is a process for a repository that waits for work; nil: there is none.
// One whose repository was removed, whatever stands there now, is ended.
func (r *Reader) warm(repository string, folder os.FileInfo) *catFile {
	for {
		r.mu.Lock()
		i := slices.IndexFunc(r.idle, func(c *catFile) bool { return c.repository == repository })
		if i < 0 {
			r.mu.Unlock()
			return nil
		}
		c := r.idle[i]
		r.idle = slices.Delete(r.idle, i, i+1)
		c.expiry.Stop()
		r.mu.Unlock()
		if os.SameFile(c.folder, folder) {
			return c
		}
		r.drop(c)
	}
}

// start starts a process, in the place of the one that is idle longest if there
// are many. The caller has a slot.
func (r *Reader) start(repository string, folder os.FileInfo) (*catFile, error) {
	var oldest *catFile
	r.mu.Lock()
	if r.alive >= r.most && len(r.idle) > 0 {
		oldest = r.idle[0]
		oldest.expiry.Stop()
		r.idle = r.idle[1:]
		r.alive--
	}
	r.alive++
	r.mu.Unlock()
	if oldest != nil {
		oldest.end()
	}
	c, err := startCatFile(r.program, repository, folder)
	if err != nil {
		r.mu.Lock()
		r.alive--
		r.mu.Unlock()
	}
	return c, err
}

// keep leaves a process warm for a while.
func (r *Reader) keep(c *catFile) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = append(r.idle, c)
	c.expiry = time.AfterFunc(r.warmth, func() { r.expire(c) })
}

func (r *Reader) expire(c *catFile) {
	r.mu.Lock()
	i := slices.Index(r.idle, c)
	if i < 0 { // somebody was faster
		r.mu.Unlock()
		return
	}
	r.idle = slices.Delete(r.idle, i, i+1)
	r.expiring.Add(1)
	r.mu.Unlock()
	r.drop(c)
	r.expiring.Done()
}

// drop ends a process that is neither idle nor in use.
func (r *Reader) drop(c *catFile) {
	c.end()
	r.mu.Lock()
	r.alive--
	r.mu.Unlock()
}

// each runs git and calls do with each piece of its output, until it wants no
// more. A piece ends with the byte last, and is valid during the call only.
func (v *View) each(last byte, do func(piece []byte) (more bool), args ...string) error {
	git := v.reader.program.process(v.repository, "", append([]string{"--git-dir=.", "--no-replace-objects", "--literal-pathspecs"}, args...)...)
	stdout, _ := git.cmd.StdoutPipe() // fails only on a command that has started
	if err := git.cmd.Start(); err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(v.ctx, v.reader.walk)
	defer cancel()
	defer context.AfterFunc(limit, git.end)()
	enough, err := eachPiece(stdout, last, do)
	if enough || err != nil {
		git.end()
	}
	failed := git.wait()
	switch {
	case v.ctx.Err() != nil:
		return v.ctx.Err()
	case enough:
		return nil
	case limit.Err() != nil:
		return ErrTooLong
	case err != nil:
		return err
	case failed != nil:
		return fmt.Errorf("git %s in %s: %w: %s", args[0], v.repository, failed, strings.TrimSpace(git.stderr.String()))
	}
	return nil
}

// Part is the part of a list that is wanted, and how far the whole is counted.
type Part struct{ Offset, Limit, Count int }

// Rows are those of a Part. Total counts all of the list, but stops once it is
// greater than both the part's end and Part.Count.
type Rows[T any] struct {
	Part
	Rows  []T
	Total int
}

// take takes the next of the whole list.
func (r *Rows[T]) take(row T) (more bool) {
	if r.wants() {
		r.Rows = append(r.Rows, row)
	}
	r.Total++
	return r.Total <= max(r.Offset+r.Limit, r.Count)
}

// wants tells whether the next one is in the part.
func (r *Rows[T]) wants() bool { return r.Total >= r.Offset && r.Total < r.Offset+r.Limit }

// More tells whether the list goes on behind the part.
func (r *Rows[T]) More() bool { return r.Total > r.Offset+r.Limit }
