package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
)

// listeners are where serve listens.
type listeners struct{ http, ssh net.Listener }

// listen begins to listen, or takes the sockets that systemd has opened; ssh is
// nil if it is off.
func (f *serveFlags) listen() (l listeners, err error) {
	if l, err = passed(); err != nil {
		return l, err
	}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.http == nil {
		if l.http, err = listenHTTP(f.http); err != nil {
			return l, listenError("--http", f.http, err)
		}
	}
	if l.ssh == nil && f.ssh != "off" {
		if l.ssh, err = net.Listen("tcp", f.ssh); err != nil {
			return l, listenError("--ssh", f.ssh, err)
		}
	}
	if l.http.Addr().Network() == "unix" {
		l.http = localListener{l.http}
	}
	return l, nil
}

func (l listeners) close() {
	for _, each := range []net.Listener{l.http, l.ssh} {
		if each != nil {
			each.Close()
		}
	}
}

// sshPort is where SSH is reached, for the addresses that REST gives.
func (l listeners) sshPort() int {
	if l.ssh == nil {
		return 0
	}
	return l.ssh.Addr().(*net.TCPAddr).Port
}

// passed are the sockets of a systemd socket unit, by the names that it gives
// them with FileDescriptorName=; none: it has started nothing.
func passed() (l listeners, err error) {
	all, err := activation.ListenersWithNames()
	if err != nil {
		return l, err
	}
	doors := map[string]*net.Listener{"http": &l.http, "ssh": &l.ssh}
	for name, sockets := range all {
		into, known := doors[name]
		if !known || len(sockets) != 1 {
			err = fmt.Errorf("systemd has passed %d sockets named %q: pass one of each door, with FileDescriptorName=http or ssh", len(sockets), name)
			break
		}
		*into = sockets[0]
	}
	if err == nil && l.ssh != nil && l.ssh.Addr().Network() != "tcp" {
		err = fmt.Errorf("systemd has passed a %s socket for ssh: it takes a TCP port", l.ssh.Addr().Network())
	}
	if err != nil {
		for sockets := range maps.Values(all) {
			for _, each := range sockets {
				each.Close()
			}
		}
	}
	return l, err
}

// socketPath is the file of an address unix:/path.
func socketPath(address string) (file string, ok bool) { return strings.CutPrefix(address, "unix:") }

// socketMode lets the user and the group of the service connect: a proxy that is
// in that group.
const socketMode = 0o660

// listenHTTP listens at HOST:PORT or unix:/path. A socket that nobody listens at
// any more, since a process was killed, is replaced.
func listenHTTP(address string) (net.Listener, error) {
	file, ok := socketPath(address)
	if !ok {
		return net.Listen("tcp", address)
	}
	if info, err := os.Lstat(file); err == nil && info.Mode().Type() == fs.ModeSocket {
		c, err := net.Dial("unix", file)
		if err == nil {
			c.Close()
			return nil, syscall.EADDRINUSE
		}
		if errors.Is(err, syscall.ECONNREFUSED) {
			if err := os.Remove(file); err != nil {
				return nil, err
			}
		}
	}
	l, err := net.Listen("unix", file)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(file, socketMode); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// localListener gives who comes by a Unix socket the address that he would have
// by TCP, so that limits, records and trusted proxies hold for him too.
type localListener struct{ net.Listener }

func (l localListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return localConn{c}, nil
}

type localConn struct{ net.Conn }

var localPeer = net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 0))

func (localConn) RemoteAddr() net.Addr { return localPeer }

// listening is a listener's address as it is printed, and as --http takes it.
func listening(addr net.Addr) string {
	if addr.Network() == "unix" {
		return "unix:" + addr.String()
	}
	return addr.String()
}

// reachable is an address that a client on this machine can use: a server that
// listens everywhere is reached at localhost, and one behind a Unix socket by
// the name that the proxy before it uses.
func reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if addr.Network() == "unix" || err != nil {
		return "localhost"
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

func listenError(flag, address string, err error) error {
	_, unix := socketPath(address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE) && unix:
		return fmt.Errorf("%s is in use by another program, or is no socket: stop it, or choose another file with %s", address, flag)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use by another program: stop it, or choose another address with %s", address, flag)
	case errors.Is(err, syscall.EACCES) && unix:
		return fmt.Errorf("this user may not make %s: choose a folder of its own with %s", address, flag)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("this user may not listen on %s: choose a port above 1023 with %s", address, flag)
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return fmt.Errorf("cannot listen on %s: %w", address, err)
}
