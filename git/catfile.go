package git

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// catFile is a `git cat-file --batch`: a name goes in, an object comes out.
type catFile struct {
	process    *process
	repository string
	started    time.Time
	folder     os.FileInfo // of the repository, when the process was started
	out        *bufio.Reader
	left       int64 // bytes of the last object, its line end too, that nobody has read yet
	broken     bool  // it isn't known any more what comes next
	expiry     *time.Timer
}

// object is one that is being read. It is valid until the next one.
type object struct {
	ID   string
	Kind string // "commit", "tree", "blob", "tag"
	Size int64  // bytes
	from *catFile
}

// errCatFile is why a process is replaced.
var errCatFile = errors.New("an answer that git cat-file doesn't give")

const (
	catBuffer  = 64 << 10
	skipAtMost = 1 << 20 // more of an object that nobody wants: a new process is cheaper
)

func startCatFile(program Program, repository string, folder os.FileInfo) (*catFile, error) {
	p := program.process(repository, "", "--git-dir=.", "--no-replace-objects", "cat-file", "--batch")
	p.stdin, _ = p.cmd.StdinPipe() // fails only on a command that has started
	stdout, _ := p.cmd.StdoutPipe()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	return &catFile{process: p, repository: repository, started: time.Now(), folder: folder, out: bufio.NewReaderSize(stdout, catBuffer)}, nil
}

// end ends the process, whatever it is at.
func (c *catFile) end() {
	c.process.stdin.Close()
	c.process.end()
	c.process.wait() // how it ends doesn't matter
}

// says is what the process has complained of. It is ended for that.
func (c *catFile) says() string {
	c.broken = true
	c.end()
	return strings.TrimSpace(c.process.stderr.String())
}

// ask asks for an object. The name holds no line end.
func (c *catFile) ask(name string) (*object, error) {
	if _, err := io.WriteString(c.process.stdin, name+"\n"); err != nil {
		c.broken = true
		return nil, err
	}
	line, err := c.out.ReadSlice('\n')
	if err != nil {
		c.broken = true
		return nil, err
	}
	o, err := parseHeader(line)
	switch {
	case errors.Is(err, ErrNotThere):
		return nil, err
	case err != nil:
		c.broken = true
		return nil, err
	}
	o.from, c.left = c, o.Size+1
	return o, nil
}

// parseHeader reads the line that an object begins with.
func parseHeader(line []byte) (*object, error) {
	text, whole := bytes.CutSuffix(line, []byte("\n"))
	if !whole {
		return nil, errCatFile
	}
	for _, none := range []string{" missing", " ambiguous"} {
		if bytes.HasSuffix(text, []byte(none)) {
			return nil, ErrNotThere
		}
	}
	fields := strings.Split(string(text), " ")
	if len(fields) != 3 || !isID(fields[0]) {
		return nil, errCatFile
	}
	size, err := strconv.ParseUint(fields[2], 10, 62)
	if err != nil {
		return nil, errCatFile
	}
	switch fields[1] {
	case "commit", "tree", "blob", "tag":
		return &object{ID: fields[0], Kind: fields[1], Size: int64(size)}, nil
	}
	return nil, errCatFile
}

// Read reads the object's content.
func (o *object) Read(b []byte) (int, error) {
	c := o.from
	if c.left <= 1 {
		return 0, io.EOF
	}
	n, err := c.out.Read(b[:min(int64(len(b)), c.left-1)])
	c.left -= int64(n)
	if err != nil {
		c.broken = true
		err = fmt.Errorf("git cat-file ended in the middle of %s: %w", o.ID, err)
	}
	return n, err
}

// skip reads on to where the next answer begins, unless that is far away.
func (c *catFile) skip() (ok bool) {
	if c.left > skipAtMost {
		return false
	}
	n, err := c.out.Discard(int(c.left))
	c.left -= int64(n)
	c.broken = c.broken || err != nil
	return err == nil
}

// eachPiece cuts a stream at a byte. enough: do wants no more.
func eachPiece(from io.Reader, last byte, do func(piece []byte) (more bool)) (enough bool, err error) {
	pieces := bufio.NewReaderSize(from, 64<<10) // a path is shorter wherever it can be checked out
	for {
		piece, err := pieces.ReadSlice(last)
		switch {
		case err == io.EOF && len(piece) == 0:
			return false, nil
		case errors.Is(err, bufio.ErrBufferFull):
			return false, ErrNotThere
		case err != nil:
			return false, err
		case !do(piece[:len(piece)-1]):
			return true, nil
		}
	}
}

// isID tells whether a text is the whole id of an object.
func isID(text string) bool { return len(text) == idLength && isHex(text) }

const idLength = 40 // of SHA-1, in hex: Patrol makes no others

func isHex(text string) bool {
	return strings.Trim(text, "0123456789abcdef") == ""
}
