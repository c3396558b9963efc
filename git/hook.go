package git

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"patrol/model"
)

// The only hook that is ever run is the program's own (G27): Git calls it before
// a push changes any ref, and it asks the server that started Git, through two
// pipes that it inherits. No file of a repository has a part in it.

const hookName = "pre-receive"

// The hook's ends of the pipes.
const (
	hookReads  = 3
	hookWrites = 4
)

// hookCall is what the hook tells the server: what Git tells it.
type hookCall struct {
	Updates    string // its standard input: "old new ref" a line
	Options    []string
	Objects    string // the folder of what was pushed; empty: no objects were
	Alternates string // the folders of what was there before
}

// hookVerdict is the answer: lines for people, and whether the push goes on.
type hookVerdict struct {
	Says    []string
	Refused bool
}

// RunHook does the hook's work and ends the program, if Git has started it as
// one. A program that serves repositories calls it before anything else.
func RunHook() {
	if filepath.Base(os.Args[0]) != hookName {
		return
	}
	if err := hook(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

var (
	errHook    = errors.New("the push could not be inspected: try again")
	errRefused = errors.New("nothing was changed")
)

func hook() error {
	updates, err := io.ReadAll(os.Stdin)
	if err != nil {
		return errHook
	}
	call := hookCall{Updates: string(updates), Objects: os.Getenv("GIT_QUARANTINE_PATH"), Alternates: os.Getenv("GIT_ALTERNATE_OBJECT_DIRECTORIES")}
	for i := range count(os.Getenv("GIT_PUSH_OPTION_COUNT")) {
		call.Options = append(call.Options, os.Getenv("GIT_PUSH_OPTION_"+strconv.Itoa(i)))
	}
	if err := json.NewEncoder(os.NewFile(hookWrites, "to the server")).Encode(call); err != nil {
		return errHook
	}
	var verdict hookVerdict
	if err := json.NewDecoder(os.NewFile(hookReads, "from the server")).Decode(&verdict); err != nil {
		return errHook
	}
	for _, line := range verdict.Says {
		fmt.Fprintln(os.Stderr, line)
	}
	if verdict.Refused {
		return errRefused
	}
	return nil
}

// maxPushOptions bounds what a client may say beside its push.
const maxPushOptions = 100

func count(text string) int {
	n, _ := strconv.Atoi(text) // none: 0
	return max(0, min(n, maxPushOptions))
}

// updates are the lines of a hook's standard input.
func (c hookCall) updates() (list []model.RefUpdate) {
	for line := range strings.Lines(c.Updates) {
		before, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		after, name, ok := strings.Cut(rest, " ")
		if ok && isObjectID(before) && isObjectID(after) {
			list = append(list, model.RefUpdate{Name: name, Old: before, New: after})
		}
	}
	return list
}

// hooks is a folder that holds the hook: a link to the program itself, to the
// very file that runs even if another has taken its place meanwhile.
func hooks() (folder string, err error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	if self := fmt.Sprintf("/proc/%d/exe", os.Getpid()); exists(self) {
		program = self
	}
	sweepHooks()
	if folder, err = os.MkdirTemp("", hooksPattern); err != nil { // 0700
		return "", err
	}
	return folder, os.Symlink(program, filepath.Join(folder, hookName))
}

const hooksPattern = "patrol-hooks-*"

// sweepHooks removes the folders of programs that were killed.
func sweepHooks() {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), hooksPattern)) // fails only on a bad pattern
	for _, folder := range folders {
		link := filepath.Join(folder, hookName)
		if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, "/proc/") && !exists(link) {
			os.RemoveAll(folder) // another user's can't be removed, and needn't
		}
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
