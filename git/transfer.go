package git

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"time"

	"patrol/model"
)

// Service is one of Git's two: what a client asks a server to run.
type Service string

// The services, by the names that clients know them by.
const (
	UploadPack  Service = "git-upload-pack"  // fetch
	ReceivePack Service = "git-receive-pack" // push
)

// Transfer is one Git process between what a client sends and what it gets.
// Nothing is held but one buffer each way (G23).
type Transfer struct {
	Repository string
	Service    Service
	Protocol   string // the client's Git-Protocol (G20)
	Stateless  bool   // one request and its answer, as by HTTP
	Advertise  bool   // only say which refs there are

	In   io.Reader // what the client sends; nil: nothing
	Rest io.Reader // what In is unpacked from; nil: In itself. It is read on when Git wants no more
	Out  io.Writer // takes what Git says; after an error nothing more is sent

	Gone      context.Context            // done: the client is
	Hurry     context.Context            // done: what does not move for a moment is ended
	Hard      context.Context            // done: everything is ended
	Stall     time.Duration              // ends a transfer in which no byte moves
	Interrupt func()                     // the transfer is ended: neither In nor Out may wait for the client any more
	Enough    func()                     // Git has said all, while the client still sends: In must end soon
	Pushed    func([]model.RefUpdate)    // an accepted push, before the client learns of it (G29)
	Inspect   Inspect                    // looks at a push before it is taken; nil: nobody does
	Warn      func(what string, e error) // something beside the transfer has failed
}

// Outcome is how a transfer has ended.
type Outcome struct {
	Failed error  // Git's own failure
	Says   string // what it said of it: the first bytes
	Cut    error  // why what the client sent ended too early
	Ended  bool   // it was ended before Git had: a stall, a client that went away
}

// Run streams both ways until Git has ended. A fetch whose client is gone is
// ended with it. A push isn't once all of it is here: Git finishes it, so that
// every ref that changes is recorded (G29). The error says that Git can't be
// started.
func (g Program) Run(t Transfer) (Outcome, error) {
	args := []string{strings.TrimPrefix(string(t.Service), "git-")}
	if t.Stateless {
		args = append(args, "--stateless-rpc")
	}
	if t.Advertise {
		args = append(args, "--advertise-refs")
	}
	r := &running{Transfer: t, program: g, process: g.process(t.Repository, t.Protocol, append(args, ".")...)}
	switch {
	case t.In == nil:
	case t.Service == ReceivePack:
		r.process.unpacks = true
		r.push = newPush(!t.Stateless)
		r.In = io.TeeReader(t.In, r.push)
	default:
		r.In = io.TeeReader(t.In, new(wants))
	}
	if r.Rest == nil {
		r.Rest = t.In
	}
	return r.run()
}

// running is a transfer with its process.
type running struct {
	Transfer
	program Program
	process *process
	push    *push             // nil: not a push
	before  map[string]string // the refs, if Git will report nothing
	stall   *time.Timer
	deaf    bool // the client takes no more

	mu     sync.Mutex
	cut    error
	enough bool // Git has said all: what the client still sends doesn't matter
}

var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

func (r *running) run() (Outcome, error) {
	if r.In != nil {
		r.process.stdin, _ = r.process.cmd.StdinPipe() // fails only on a command that has started
	}
	stdout, _ := r.process.cmd.StdoutPipe()
	inspect, inspected, err := r.inspect()
	if err != nil {
		return Outcome{}, err
	}
	err = r.process.cmd.Start()
	inspect()
	defer inspected()
	if err != nil {
		return Outcome{}, err
	}
	r.stall = time.AfterFunc(r.Stall, r.end)
	defer r.stall.Stop()
	defer context.AfterFunc(r.Hard, r.end)()
	defer context.AfterFunc(r.Hurry, r.moved)()
	if r.push == nil {
		defer context.AfterFunc(r.Gone, r.end)()
	}
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		r.feed()
	}()
	r.relay(stdout)
	r.stopFeeding(fed)
	failed := r.process.wait()
	if r.push != nil && r.push.unreported() {
		r.record(r.push.changesSeen(r.before, r.refs()))
	}
	return Outcome{Failed: failed, Says: strings.TrimSpace(r.process.stderr.String()), Cut: r.cutShort(), Ended: r.process.wasEnded()}, nil
}

// inspect prepares the inspection of a push: begin is called once Git has been
// started, and end once it has ended.
func (r *running) inspect() (begin, end func(), err error) {
	if r.push == nil || r.Inspect == nil {
		return func() {}, func() {}, nil
	}
	hook, err := r.process.inspected(r.program.hooks)
	if err != nil {
		return nil, nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	begin = func() {
		hook.started()
		go func() {
			defer close(ended)
			hook.serve(ctx, &Quarantine{program: r.program, repository: r.Repository, touch: r.moved}, r.Inspect)
		}()
	}
	return begin, func() {
		stop()
		hook.calls.Close() // whoever else has inherited the other end
		<-ended
	}, nil
}

// hurriedStall is how long nothing may move once there is a hurry.
const hurriedStall = 2 * time.Second

// moved starts the time anew in which something has to move.
func (r *running) moved() {
	if r.Hurry.Err() != nil {
		r.stall.Reset(min(r.Stall, hurriedStall))
		return
	}
	r.stall.Reset(r.Stall)
}

// end ends Git, and whatever waits for the client.
func (r *running) end() {
	r.process.end()
	r.Interrupt()
}

// feed copies what the client sends to Git. If that is cut off or broken, Git is
// ended: it must not take a part for the whole. What Git doesn't want any more
// is read all the same, so that the client gets to read the answer.
func (r *running) feed() {
	if r.In == nil {
		return
	}
	defer r.process.stdin.Close()
	buffer := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buffer)
	for {
		n, err := r.In.Read(buffer[:])
		if n > 0 {
			r.moved()
			if r.push != nil && r.before == nil && r.push.silent() {
				r.before = r.refs() // nothing has changed yet: Git has not seen the end of the list
			}
			if _, err := r.process.stdin.Write(buffer[:n]); err != nil { // Git has ended, or will
				io.CopyBuffer(io.Discard, r.Rest, buffer[:])
				return
			}
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			if r.cutBy(err) {
				r.process.end()
			}
			return
		}
	}
}

// cutBy notes why the client's part ended too early, unless that doesn't matter
// any more.
func (r *running) cutBy(err error) (matters bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.enough {
		r.cut = err
	}
	return !r.enough
}

func (r *running) cutShort() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cut
}

// stopFeeding waits for feed. Git has closed its output by now and reads no
// more; the client may still be sending.
func (r *running) stopFeeding(fed chan struct{}) {
	select {
	case <-fed:
	default:
		r.mu.Lock()
		r.enough = true
		r.mu.Unlock()
		r.Enough()
		<-fed
	}
}

// relay copies Git's output to the client. When a push's report is complete it
// is recorded before the client learns of it.
func (r *running) relay(stdout io.Reader) {
	buffer := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buffer)
	for {
		n, err := stdout.Read(buffer[:])
		if n > 0 {
			r.moved()
			if r.push != nil && r.push.answer(buffer[:n]) {
				r.record(r.push.changes())
			}
			if r.cutShort() == nil && !r.deaf {
				r.send(buffer[:n])
			}
		}
		if err != nil {
			return
		}
	}
}

func (r *running) send(piece []byte) {
	if _, err := r.Out.Write(piece); err != nil {
		r.deaf = true
		if r.push == nil {
			r.process.end()
		}
	}
}

func (r *running) record(changes []model.RefUpdate) {
	if len(changes) > 0 {
		r.Pushed(changes)
	}
}

// refs is what each ref of the repository is now: for clients that ask Git for
// no report, and for Git that was ended.
func (r *running) refs() map[string]string {
	out, err := r.program.process(r.Repository, "", "for-each-ref", "--format=%(objectname) %(refname)").cmd.Output()
	if err != nil {
		r.Warn("git for-each-ref failed", err)
	}
	refs := map[string]string{}
	for line := range bytes.Lines(out) {
		id, name, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
		refs[name] = id
	}
	return refs
}
