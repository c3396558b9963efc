package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"patrol/model"
)

// noticeShape is a notice as programs read it.
type noticeShape struct {
	ID        int64           `json:"id"`
	At        stamp           `json:"at"`
	Event     string          `json:"event"`  // "expiring", "expired"
	Window    *int            `json:"window"` // 60, 30 or 7 days; null: it has expired
	ExpiresAt model.Date      `json:"expires_at"`
	TokenID   int64           `json:"token_id"`
	Name      string          `json:"name"`
	Kind      model.TokenKind `json:"kind"`
	Path      *string         `json:"path"` // of the project or group
	To        []string        `json:"to"`   // usernames
}

func shapeNotice(n model.Notice) noticeShape {
	shape := noticeShape{ID: n.ID, At: stamp(n.At), Event: "expired", ExpiresAt: n.ExpiresOn, TokenID: n.TokenID, Name: n.Token,
		Kind: n.Kind, Path: orNull(n.PlacePath), To: append([]string{}, n.To...)}
	if n.DaysLeft != model.NoticeExpired {
		shape.Event, shape.Window = "expiring", &n.DaysLeft
	}
	return shape
}

var noticeColumns = []column[model.Notice]{
	{"NO.", func(n model.Notice) string { return strconv.FormatInt(n.ID, 10) }},
	{"TIME", func(n model.Notice) string { return moment(n.At) }},
	{"SAYS", noticeText},
	{"EXPIRES", func(n model.Notice) string { return n.ExpiresOn.String() }},
	{"TOKEN", func(n model.Notice) string { return strconv.FormatInt(n.TokenID, 10) }},
	{"OF", func(n model.Notice) string {
		if n.Kind == model.PersonalToken {
			return "a person"
		}
		return n.PlacePath
	}},
	{"NAME", func(n model.Notice) string { return n.Token }},
	{"TO", func(n model.Notice) string {
		if len(n.To) == 0 {
			return "nobody"
		}
		return strings.Join(n.To, ", ")
	}},
}

func noticeText(n model.Notice) string {
	if n.DaysLeft == model.NoticeExpired {
		return "has expired"
	}
	return fmt.Sprintf("expires within %d days", n.DaysLeft)
}

func (a *app) noticeCommand() *cobra.Command {
	return parent("notice", "Notices of tokens that are about to expire, or have; and to whom notices and events go",
		a.leaf("list", "List the notices, newest first; a running server or console writes them", cobra.NoArgs, func(s *session, _ []string) error {
			return printList(s, 0, noticeColumns, func(n model.Notice) any { return shapeNotice(n) },
				func(p model.Page) (model.List[model.Notice], error) { return s.store.Notices(s.ctx, s.actor, p) })
		}), a.noticeTargetsCommand(), a.noticeTestCommand())
}

// hookLimit is how long a notice hook may run.
const hookLimit = 30 * time.Second

// delivery hands notices to the hook, if there is one, and then writes each as
// one line of the log (R96).
func delivery(log *slog.Logger, hook string) func(context.Context, model.Notice) error {
	return func(ctx context.Context, n model.Notice) error {
		shape := shapeNotice(n)
		if hook != "" {
			if err := runHook(ctx, hook, jsonText(shape)+"\n", hookLimit); err != nil {
				return fmt.Errorf("the notice hook has not taken notice %d: %w", n.ID, err)
			}
		}
		log.LogAttrs(ctx, slog.LevelInfo, "notice", slog.Int64("id", n.ID), slog.String("event", shape.Event), slog.Any("window", shape.Window),
			slog.String("expires_at", n.ExpiresOn.String()), slog.Int64("token", n.TokenID), slog.String("name", n.Token),
			slog.String("kind", string(n.Kind)), slog.String("path", n.PlacePath), slog.Any("to", shape.To))
		return nil
	}
}

// checkHook refuses what can't be run, before anything listens.
func checkHook(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	if _, err := exec.LookPath(path); err != nil {
		return "", fmt.Errorf("the notice hook can't be run: %w: name an executable file", err)
	}
	return path, nil
}

// runHook runs an executable file, without a shell, with a text on its standard
// input. What it says is dropped: its exit status counts. It and what it has
// started are killed after the limit.
func runHook(ctx context.Context, file, text string, limit time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(limited, file)
	cmd.Stdin = strings.NewReader(text)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if err != nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("it was ended after %s", limit)
	}
	return err
}
