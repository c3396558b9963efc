package git

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"patrol/model"
)

// Quarantine is a push that Git has received and not yet taken: its objects are
// in a folder of their own, and no ref has changed.
type Quarantine struct {
	Updates []model.RefUpdate
	Options []string // of git push -o

	program    Program
	repository string
	objects    string
	alternates string
	touch      func() // something moves
}

// Object is one of a push: a file's content, or a commit or tag with its
// message.
type Object struct {
	ID   string
	Kind string // blob, commit, tag
	Text io.Reader
}

// Unseen is what of a push wasn't looked at.
type Unseen struct {
	Objects int
	Bytes   int64
}

// maxInspected is the largest object that is looked at, in bytes (G111).
const maxInspected = 32 << 20

// Objects gives each object that was pushed, but trees and what is too large, to
// a function until that fails or ctx ends. An object's Text is read only within
// the call, as far as that likes. Some of them may have been in the repository
// before. It tells what nobody has seen.
func (q *Quarantine) Objects(ctx context.Context, each func(Object) error) (unseen Unseen, err error) {
	if q.objects == "" {
		return unseen, nil
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	list := q.command(ctx, false, "cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname) %(objecttype) %(objectsize)")
	names, err := list.StdoutPipe()
	if err != nil {
		return unseen, err
	}
	contents := q.command(ctx, false, "cat-file", "--batch", "--buffer")
	asked, err := contents.StdinPipe()
	if err != nil {
		return unseen, err
	}
	out, err := contents.StdoutPipe()
	if err != nil {
		return unseen, err
	}
	if err := errors.Join(list.Start(), contents.Start()); err != nil {
		return unseen, err
	}
	var wanted, all Unseen // what is asked for, and what there is
	listed := make(chan error, 1)
	go func() {
		listed <- func() error {
			defer asked.Close()
			lines := bufio.NewScanner(names)
			ask := bufio.NewWriter(asked)
			for lines.Scan() {
				id, rest, _ := strings.Cut(lines.Text(), " ")
				kind, length, _ := strings.Cut(rest, " ")
				size, err := strconv.ParseInt(length, 10, 64)
				if err != nil {
					return fmt.Errorf("git lists no object: %q", lines.Text())
				}
				if kind == "tree" {
					continue
				}
				all.Objects, all.Bytes = all.Objects+1, all.Bytes+size
				if size > maxInspected {
					continue
				}
				wanted.Objects, wanted.Bytes = wanted.Objects+1, wanted.Bytes+size
				if _, err := ask.WriteString(id + "\n"); err != nil {
					return err
				}
			}
			return errors.Join(lines.Err(), ask.Flush())
		}()
	}()
	seen, err := q.read(bufio.NewReaderSize(out, 64<<10), each)
	stop() // where it ended early, both end now
	listing := <-listed
	list.Wait()
	contents.Wait()
	unseen = Unseen{all.Objects - seen.Objects, all.Bytes - seen.Bytes}
	if err == nil && seen != wanted {
		err = errors.Join(errors.New("git gives fewer objects than it lists"), listing)
	}
	return unseen, err
}

// read reads the answers of cat-file --batch: a line, the content, a line's end.
func (q *Quarantine) read(in *bufio.Reader, each func(Object) error) (seen Unseen, err error) {
	for {
		line, err := in.ReadString('\n')
		if err == io.EOF && line == "" {
			return seen, nil
		}
		if err != nil {
			return seen, err
		}
		fields := strings.Fields(line)
		if len(fields) != 3 {
			return seen, fmt.Errorf("git gives no object: %q", line)
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return seen, err
		}
		q.touch()
		text := io.LimitReader(in, size)
		if err := each(Object{fields[0], fields[1], text}); err != nil {
			return seen, err
		}
		if _, err := io.Copy(io.Discard, text); err != nil {
			return seen, err
		}
		if _, err := in.Discard(1); err != nil {
			return seen, err
		}
		seen.Objects, seen.Bytes = seen.Objects+1, seen.Bytes+size
	}
}

// Where tells where an object would be published: in which commit, and by which
// path; for a commit or tag, whose message it is, there is no path. It isn't if
// nothing that is pushed leads to it, or if it was there before.
func (q *Quarantine) Where(ctx context.Context, o Object) (path, commit string, published bool, err error) {
	var tips []string
	for _, u := range q.Updates {
		if strings.Trim(u.New, "0") != "" {
			tips = append(tips, u.New)
		}
	}
	if len(tips) == 0 {
		return "", "", false, nil
	}
	revisions := strings.Join(tips, "\n") + "\n"
	path, published, err = q.reached(ctx, o.ID, revisions)
	switch {
	case err != nil:
		return "", "", false, err
	case !published:
		return "", "", false, nil
	case o.Kind == "tag":
		return "", "", true, nil
	case o.Kind == "commit":
		return "", o.ID, true, nil
	}
	log := q.command(ctx, true, "log", "--stdin", "--reverse", "--format=%H", "--find-object="+o.ID, "--not", "--all")
	log.Stdin = strings.NewReader(revisions)
	said, err := log.Output()
	first, _, _ := strings.Cut(string(said), "\n") // the one that brings it
	return path, first, true, err
}

// reached tells whether some revisions lead to an object, and by which path.
func (q *Quarantine) reached(ctx context.Context, id, revisions string) (path string, ok bool, err error) {
	within, stop := context.WithCancel(ctx)
	defer stop()
	list := q.command(within, true, "rev-list", "--objects", "--stdin", "--not", "--all")
	list.Stdin = strings.NewReader(revisions)
	var says bytes.Buffer
	list.Stderr = &firstBytes{to: &says, left: 4 << 10}
	out, err := list.StdoutPipe()
	if err == nil {
		err = list.Start()
	}
	if err != nil {
		return "", false, err
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for !ok && lines.Scan() {
		q.touch()
		var found string
		found, path, _ = strings.Cut(lines.Text(), " ")
		ok = found == id
	}
	if ok {
		stop() // the rest doesn't matter
		list.Wait()
		return path, true, nil
	}
	if err := errors.Join(lines.Err(), list.Wait()); err != nil {
		return "", false, fmt.Errorf("git rev-list: %w: %s", err, strings.TrimSpace(says.String()))
	}
	return "", false, nil
}

// command is Git with the objects of the push, and if so told with those that
// were there before.
func (q *Quarantine) command(ctx context.Context, before bool, args ...string) *exec.Cmd {
	p := q.program.process(q.repository, "", args...)
	cmd := exec.CommandContext(ctx, p.cmd.Path, p.cmd.Args[1:]...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = p.cmd.Dir, append(p.cmd.Env, "GIT_OBJECT_DIRECTORY="+q.objects), p.cmd.SysProcAttr
	cmd.WaitDelay = killAfter
	if before {
		cmd.Env = append(cmd.Env, "GIT_ALTERNATE_OBJECT_DIRECTORIES="+q.alternates)
	}
	return cmd
}

// Inspect looks at a push before it is taken. It tells what to say to people,
// and whether the push is refused.
type Inspect func(ctx context.Context, q *Quarantine) (says []string, refused bool)

// inspection is the server's side of the hook of one push.
type inspection struct {
	calls  *os.File // what the hook asks comes from here
	answer *os.File
	theirs []*os.File // the hook's ends
}

// inspected prepares the hook for a process that isn't started yet.
func (p *process) inspected(hooks string) (*inspection, error) {
	asks, calls, err := pipes()
	if err != nil {
		return nil, err
	}
	p.cmd.Args = slices.Insert(p.cmd.Args, 1+len(configuration), "-c", "core.hooksPath="+hooks)
	p.cmd.ExtraFiles = []*os.File{asks[0], calls[1]} // hookReads, hookWrites
	return &inspection{calls: calls[0], answer: asks[1], theirs: p.cmd.ExtraFiles}, nil
}

func pipes() (asks, calls [2]*os.File, err error) {
	if asks[0], asks[1], err = os.Pipe(); err != nil {
		return asks, calls, err
	}
	if calls[0], calls[1], err = os.Pipe(); err != nil {
		asks[0].Close()
		asks[1].Close()
	}
	return asks, calls, err
}

// started lets go of the hook's ends, so that the end of Git is the end of them.
func (i *inspection) started() {
	for _, file := range i.theirs {
		file.Close()
	}
}

// serve answers the hook. It returns once that is done, or Git has ended.
func (i *inspection) serve(ctx context.Context, q *Quarantine, inspect Inspect) {
	defer i.calls.Close()
	defer i.answer.Close()
	var call hookCall
	if err := json.NewDecoder(i.calls).Decode(&call); err != nil {
		return // Git has ended without it
	}
	q.Updates, q.Options, q.objects, q.alternates = call.updates(), call.Options, call.Objects, call.Alternates
	var verdict hookVerdict
	verdict.Says, verdict.Refused = inspect(ctx, q)
	json.NewEncoder(i.answer).Encode(verdict) // a hook that has ended hears nothing
}
