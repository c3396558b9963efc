package cli

import (
	"bufio"
	"context"
	"path/filepath"

	"patrol/plain"
	"patrol/server"
	"patrol/server/ssh"
	"patrol/ui"
)

// hostKeyFile is where the SSH host key is kept, beside the database (G45).
func hostKeyFile(folder string) string {
	return filepath.Join(folder, "ssh_host_ed25519_key")
}

// sshServer is the SSH door beside the HTTP one; nil: it is off.
func (s *session) sshServer(web *server.Server, l listeners) (*ssh.Server, error) {
	if l.ssh == nil {
		return nil, nil
	}
	key, err := s.hostKey()
	if err != nil {
		return nil, err
	}
	return ssh.New(ssh.Config{House: web.House, Git: web.Git, HostKey: key, Console: s.consoleFor})
}

// hostKey is the key that is kept, or in a rehearsal without one, which writes
// nothing, a key for this time.
func (s *session) hostKey() (*ssh.HostKey, error) {
	file := hostKeyFile(s.store.Folder())
	if !s.options.ReadOnly {
		return ssh.OpenHostKey(file)
	}
	if key, err := ssh.ReadHostKey(file); err == nil {
		return key, nil
	}
	return ssh.NewHostKey()
}

// consoleFor shows the console to somebody who sits elsewhere, by his own rights.
func (s *session) consoleFor(ctx context.Context, t ssh.Terminal) error {
	sizes := make(chan ui.Size)
	go func() {
		for {
			select {
			case size := <-t.Resizes:
				select {
				case sizes <- ui.Size(size):
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	var flags []string
	if s.rehearsal() != "" {
		flags = append(flags, "CLOCK "+s.today().String())
	}
	if t.Plain {
		return s.talk(ctx, t.Actor, &plain.Raw{In: bufio.NewReader(t.In), Out: t.Out}, flags...)
	}
	return ui.Run(ctx, ui.Config{
		Store: s.store, Actor: t.Actor, In: t.In, Out: t.Out, Env: t.Env, Database: s.database(),
		Console: s.visitors, Rehearse: s.rehearse, Flags: flags, Rehearsal: s.options.ReadOnly, Window: &ui.Window{Size: ui.Size(t.Size), Resizes: sizes},
	})
}
