// Package notices tells others what happens to tokens: programs by webhook or
// hook, people by mail, and the log. Each target goes at its own pace.
package notices

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"

	"patrol/model"
)

// Target is one row of the file of targets.
type Target struct {
	Name   string            `json:"name"`
	Type   string            `json:"type"`             // webhook, mail, hook, log
	Events []model.EventKind `json:"events,omitempty"` // none: all

	URL    string `json:"url,omitempty"`    // webhook
	Secret string `json:"secret,omitempty"` // signs; whsec_ and base64, or any text
	Format string `json:"format,omitempty"` // gitlab: GitLab's payload, of expiring tokens only
	Token  string `json:"token,omitempty"`  // sent as X-Gitlab-Token

	Server   string   `json:"server,omitempty"` // mail: HOST:PORT
	TLS      string   `json:"tls,omitempty"`    // starttls (the default), implicit, none (on this machine only)
	Username string   `json:"username,omitempty"`
	Password string   `json:"password,omitempty"`
	From     string   `json:"from,omitempty"`
	To       []string `json:"to,omitempty"` // none: those whom it concerns

	CAFile string `json:"ca_file,omitempty"` // webhook, mail: whom to believe, in PEM form, beside the system's

	File string `json:"file,omitempty"` // hook: executable
}

// MostTime is how long one target may take for one event.
const MostTime = 30 * time.Second

const (
	mostTargets = 50
	mostFile    = 1 << 20
)

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// Load reads a file of targets, which holds secrets. A missing one is none, if
// it may be missing.
func Load(file string, mayMiss bool) (list []Target, err error) {
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe isn't waited for
	if errors.Is(err, os.ErrNotExist) && mayMiss {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the targets of notices can't be read: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the targets of notices can't be read: %s is no file", file)
	}
	if info.Mode().Perm()&0o037 != 0 {
		return nil, fmt.Errorf("%s holds secrets and others may read or change it: chmod 600 it", file)
	}
	text, err := io.ReadAll(io.LimitReader(f, mostFile))
	if err != nil {
		return nil, err
	}
	if list, err = parse(text, filepath.Dir(file)); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return list, nil
}

// parse never quotes what it read: it may be a secret. Files are looked for in a
// folder.
func parse(text []byte, folder string) (list []Target, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		line := 1 + bytes.Count(text[:min(int(d.InputOffset()), len(text))], []byte("\n"))
		return nil, fmt.Errorf("it is no list of targets near line %d: [{\"name\": …, \"type\": …, …}], see docs/notices.md", line)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something stands behind the list of targets")
	}
	if len(list) > mostTargets {
		return nil, fmt.Errorf("there are more than %d targets", mostTargets)
	}
	names := map[string]bool{}
	for i, t := range list {
		if !nameForm.MatchString(t.Name) || names[t.Name] {
			return nil, fmt.Errorf("target %d needs a name of its own of a-z, 0-9, dots and dashes", i+1)
		}
		names[t.Name] = true
		for _, file := range []*string{&t.File, &t.CAFile} {
			if *file != "" && !filepath.IsAbs(*file) {
				if *file, err = filepath.Abs(filepath.Join(folder, *file)); err != nil {
					return nil, err
				}
			}
		}
		list[i] = t
		for _, kind := range t.Events {
			if !slices.Contains(model.EventKinds, kind) {
				return nil, fmt.Errorf("target %s: events are %v", t.Name, model.EventKinds)
			}
		}
		if _, err := t.peer(Config{Log: slog.New(slog.DiscardHandler)}); err != nil {
			return nil, fmt.Errorf("target %s: %w", t.Name, err)
		}
	}
	return list, nil
}

// Find is the target with a name.
func Find(list []Target, name string) (Target, error) {
	i := slices.IndexFunc(list, func(t Target) bool { return t.Name == name })
	if i < 0 {
		return Target{}, model.NotFound("target")
	}
	return list[i], nil
}

// Wanted are the kinds of events that a target is told of.
func (t Target) Wanted() []model.EventKind {
	kinds := t.Events
	if len(kinds) == 0 {
		kinds = model.EventKinds
	}
	if t.Format == "gitlab" {
		return []model.EventKind{model.EventExpiring}
	}
	return kinds
}

// Where is what may be shown of a target: no secret, no path of an address.
func (t Target) Where() string {
	switch t.Type {
	case "webhook":
		return host(t.URL)
	case "mail":
		return t.Server
	case "hook":
		return t.File
	}
	return ""
}
