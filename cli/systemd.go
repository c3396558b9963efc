package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// notify tells systemd how the service does; without one that listens it does
// nothing.
func notify(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("systemd can't be told how the service does", "error", err)
	}
}

// watch tells systemd's watchdog again and again that the process can still ask
// its database, until ctx is done: one that hangs is started anew. It reads only,
// so that another process that holds the write lock for long kills nobody.
func (s *session) watch(ctx context.Context, log *slog.Logger) {
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("the watchdog of systemd is off: its variables make no sense", "error", err)
	}
	if limit == 0 || err != nil {
		return
	}
	ticks := time.NewTicker(limit / 3)
	defer ticks.Stop()
	for {
		if err := s.store.Ready(ctx); err == nil {
			notify(log, daemon.SdNotifyWatchdog)
		} else if ctx.Err() == nil {
			log.Warn("the database doesn't answer: systemd's watchdog isn't told that all is well", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

// underJournal tells whether the journal of systemd takes what a stream gets: it
// names device and inode of the socket. It notes the time of each line itself.
func underJournal(named string, stream any) bool {
	file, ok := stream.(*os.File)
	if !ok || named == "" {
		return false
	}
	var at syscall.Stat_t
	if err := syscall.Fstat(int(file.Fd()), &at); err != nil {
		return false
	}
	return named == fmt.Sprintf("%d:%d", at.Dev, at.Ino)
}
