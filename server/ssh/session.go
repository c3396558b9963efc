package ssh

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"

	"patrol/model"
	"patrol/server/door"
)

// session is one channel of a connection: one command, or one console.
type session struct {
	*Server
	*door.Visit
	conn    *gossh.ServerConn
	channel gossh.Channel
	login   login
	ctx     context.Context // done: the session is over, the client is gone, or must go
	end     context.CancelCauseFunc

	began    atomic.Bool
	command  string // empty: none, a shell was asked for
	terminal string // its kind, TERM; empty: none was asked for
	size     Size
	resizes  chan Size
	env      []string
	protocol string // GIT_PROTOCOL
}

// What a client may say of itself; nothing else is heard (G43).
var variables = []string{"COLORTERM", "NO_COLOR", "LANG", "LC_ALL", "LC_CTYPE", "COLORFGBG"}

const (
	protocolVariable = "GIT_PROTOCOL"
	longestValue     = 256     // bytes of a variable, or of a terminal's name
	longestCommand   = 8 << 10 // bytes
	maxChannels      = 10      // of a connection at once, as OpenSSH has it
)

// Why a session ends before it is over.
var (
	errOver     = errors.New("all is said")
	errGone     = errors.New("the client is gone")
	errStopping = errors.New("The server is stopping.")
	errExpelled = errors.New("The session has ended: the account is blocked, or its key or token isn't valid any more.")
)

// session serves a channel until both sides have closed it.
func (s *Server) session(_ *ssh.Server, conn *gossh.ServerConn, asked gossh.NewChannel, ctx ssh.Context) {
	own := ctx.Value(connectionKey{}).(*connection)
	if !s.running.begin() {
		asked.Reject(gossh.ResourceShortage, "the server is stopping")
		return
	}
	defer s.running.end()
	if !own.open() {
		asked.Reject(gossh.ResourceShortage, "too many sessions on one connection")
		return
	}
	defer own.shut()
	channel, requests, err := asked.Accept()
	if err != nil {
		return // the client is gone
	}
	x := &session{Server: s, Visit: s.House.Visit(model.SSHDoor, own.address), conn: conn, channel: channel, login: loginOf(conn), resizes: make(chan Size, 1)}
	x.ctx, x.end = context.WithCancelCause(ctx)
	closed := make(chan struct{})
	defer close(closed)
	context.AfterFunc(x.ctx, func() {
		select {
		case <-closed:
		case <-time.After(s.CloseTime):
			conn.Close() // a client that takes nothing would hold it for good
		}
	})
	defer context.AfterFunc(s.leaving, func() {
		if !x.began.Load() { // nothing would end it
			conn.Close()
		}
	})()
	go x.keepAlive()
	ended := make(chan struct{})
	for request := range requests {
		begun := x.began.Load()
		ok := x.request(request)
		if request.WantReply {
			request.Reply(ok, nil)
		}
		if x.began.Load() && !begun {
			go func() {
				defer close(ended)
				x.run()
			}()
		}
	}
	x.end(errGone)
	if x.began.Load() {
		<-ended
	}
}

// request takes what a client asks of its session. What isn't here is refused:
// an agent, X11, subsystems, signals.
func (s *session) request(r *gossh.Request) (ok bool) {
	switch r.Type {
	case "window-change":
		var asked struct{ Width, Height, Across, Down uint32 }
		if s.terminal == "" || gossh.Unmarshal(r.Payload, &asked) != nil {
			return false
		}
		select {
		case <-s.resizes: // nobody has taken the one before
		default:
		}
		s.resizes <- sizeOf(asked.Width, asked.Height)
		return true
	case "pty-req", "env", "exec", "shell":
		return !s.began.Load() && s.prepare(r)
	}
	return false
}

// prepare takes what comes before the session begins, and what begins it.
func (s *session) prepare(r *gossh.Request) (ok bool) {
	switch r.Type {
	case "pty-req":
		var asked struct {
			Terminal                    string
			Width, Height, Across, Down uint32
			Modes                       string
		}
		if gossh.Unmarshal(r.Payload, &asked) != nil || len(asked.Terminal) > longestValue || !plain(asked.Terminal) {
			return false
		}
		s.terminal, s.size = asked.Terminal, sizeOf(asked.Width, asked.Height)
		if s.terminal == "" {
			s.terminal = "dumb"
		}
	case "env":
		var asked struct{ Name, Value string }
		if gossh.Unmarshal(r.Payload, &asked) != nil || len(asked.Value) > longestValue || !plain(asked.Value) {
			return false
		}
		if asked.Name == protocolVariable {
			s.protocol = asked.Value
			return true
		}
		if !slices.Contains(variables, asked.Name) || len(s.env) > 2*len(variables) {
			return false
		}
		s.env = append(s.env, asked.Name+"="+asked.Value)
	case "exec":
		var asked struct{ Command string }
		if gossh.Unmarshal(r.Payload, &asked) != nil || len(asked.Command) > longestCommand {
			return false
		}
		s.command = asked.Command
		s.began.Store(true)
	case "shell":
		s.began.Store(true)
	}
	return true
}

// sizeOf is a size that a client has named, without what can't be one.
func sizeOf(width, height uint32) Size {
	const most = 10_000
	return Size{int(min(width, most)), int(min(height, most))}
}

// run does what the session is for, and tells the client how it went.
func (s *session) run() {
	began := time.Now()
	status := 1
	defer func() {
		if panicked := recover(); panicked != nil {
			kind := "a value" // the value itself may hold anything
			if err, ok := panicked.(runtime.Error); ok {
				kind = err.Error()
			}
			s.House.Log.Error("panic", "id", s.ID, "kind", kind, "stack", string(debug.Stack()))
			s.say("Something failed here. The server's log has it under " + s.ID + ".")
		}
		s.Log(s.House.Log, "session", status, time.Since(began))
		s.channel.SendRequest("exit-status", false, gossh.Marshal(struct{ Status uint32 }{uint32(status)}))
		s.channel.Close()
		s.end(errOver)
	}()
	err := s.House.Arrived(s.ctx, s.Address)
	if err == nil {
		err = s.login.identify(s.ctx, s.Visit)
	}
	var many *door.TooMany
	switch {
	case errors.As(err, &many):
		s.refuse("There are " + err.Error() + ".")
		return
	case err != nil:
		s.refuse(errExpelled.Error())
		return
	}
	watched, stop := context.WithCancel(s.ctx)
	defer stop()
	go s.watch(watched)
	status = s.serve()
}

// serve does what was asked for, if it is one of the two things there are
// (G41, G44). It gives the exit status.
func (s *session) serve() int {
	service, project, ok := parseCommand(s.command)
	switch {
	case ok && s.terminal == "" || ok && !s.login.byToken():
		return s.git(service, project)
	case s.login.byToken():
		return s.refuse("This token opens Git only.")
	case s.command == plainCommand && s.terminal != "":
		return s.console()
	case s.command != "":
		return s.refuse("Only git-upload-pack, git-receive-pack and the console are served here.")
	case s.terminal == "":
		return s.refuse("The console needs a terminal: ssh -t")
	}
	return s.console()
}

// plainCommand asks for the console as lines: ssh -t host plain.
const plainCommand = "plain"

// How soon a session ends whose login isn't good any more: well under a second.
const watchEvery = 300 * time.Millisecond

// watch ends the session once whoever opened it may not come in any more.
func (s *session) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var known uint64
	day := s.Today
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		version, err := s.House.Store.Version()
		today := model.DateOf(s.House.Store.Now())
		if err != nil || version == known && today == day {
			continue
		}
		again := s.House.Visit(model.SSHDoor, s.Address)
		again.Asked = s.Asked
		err = s.login.identify(ctx, again)
		if errors.Is(err, errNoKey) || door.IsRefusal(err) || err == nil && again.Pass.User.ID != s.Pass.User.ID {
			s.end(errExpelled)
			return
		}
		if err == nil {
			known, day = version, today
		}
	}
}

// keepAlive asks the client now and then whether it is there. What it answers
// doesn't matter: a connection on which nothing comes is ended (Config.Patience).
func (s *session) keepAlive() {
	tick := time.NewTicker(s.Patience / 4)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
			s.conn.SendRequest("keepalive@openssh.com", true, nil) // fails once it is gone
		}
	}
}

// console shows the console (G44).
func (s *session) console() int {
	s.Asked = "console"
	select {
	case s.consoles <- struct{}{}:
		defer func() { <-s.consoles }()
	default:
		return s.refuse("Too many consoles are open. Try again in a moment.")
	}
	defer context.AfterFunc(s.leaving, func() { s.end(errStopping) })()
	err := s.Console(s.ctx, Terminal{
		Actor: s.Actor(), Plain: s.command == plainCommand || s.terminal == "dumb", User: s.Pass.User, In: s.channel, Out: s.channel,
		Env: append(s.env, "TERM="+s.terminal), Size: s.size, Resizes: s.resizes,
	})
	switch cause := context.Cause(s.ctx); {
	case cause == errExpelled, cause == errStopping:
		return s.refuse(cause.Error())
	case err != nil:
		return s.refuse(err.Error())
	}
	return 0
}

// refuse says why not.
func (s *session) refuse(text string) (status int) {
	s.say("ERROR: " + text)
	return 1
}

// say writes a line for people.
func (s *session) say(text string) {
	end := "\n"
	if s.terminal != "" { // which is in raw mode
		end = "\r\n"
	}
	s.channel.Stderr().Write([]byte(model.Clean(text) + end)) // a client that is gone hears nothing
}
