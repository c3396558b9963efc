package rest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"unicode/utf8"

	"patrol/git"
	"patrol/model"
)

// maxFile is how large a file may be that is answered with its sum and in
// base64 (A133, A135): Git reads it twice for that, and clients hold it whole.
// Raw files have no limit.
const maxFile = 10 << 20

// file is one file of a commit.
type file struct {
	git.Entry
	ref    string
	commit string // id
	last   string // id of the last commit that changed it
	size   int64
	sum    []byte // SHA-256
}

// getFile is A133, and A135 by HEAD: everything but the content in headers. The
// content is read once for its sum, and again for the answer, so that it is never
// held.
func getFile(c *call) error {
	f := c.form()
	ref := f.required("ref")
	if err := f.err(); err != nil {
		return err
	}
	return c.withCode("File", func(in *code) error {
		found, err := in.file(ref, c.arg(":file_path"))
		if err != nil {
			return err
		}
		if err := found.measure(in); err != nil {
			return err
		}
		blob, err := in.Blob(found.ID)
		if err != nil {
			return err
		}
		found.headers(c.W.Header())
		if c.R.Method == http.MethodHead {
			in.Close()
			c.json(http.StatusOK, nil)
			return nil
		}
		c.sendFile(found, blob)
		return nil
	})
}

// file finds a file.
func (in *code) file(ref, path string) (*file, error) {
	commit, err := in.Resolve(ref)
	if err != nil {
		return nil, err
	}
	e, err := in.Find(commit, path)
	if err != nil {
		return nil, err
	}
	if e.Kind() != "blob" {
		return nil, git.ErrNotThere
	}
	return &file{Entry: e, ref: ref, commit: commit.ID}, nil
}

// measure fills in what stands nowhere in the tree.
func (f *file) measure(in *code) (err error) {
	blob, err := in.Blob(f.ID)
	if err != nil {
		return err
	}
	if f.size = blob.Size; f.size > maxFile {
		return message(http.StatusBadRequest, "400 Bad request - The file is larger than 10 MiB: ask for it with /raw").because(&model.Reason{
			Rule: "A133", Text: "The file is larger than 10 MiB: ask for it with /raw."})
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, blob); err != nil {
		return err
	}
	f.sum = sum.Sum(nil)
	f.last, err = in.LastChange(f.commit, f.Path)
	return err
}

// headers are A135's.
func (f *file) headers(h http.Header) {
	for name, value := range map[string]string{
		"Blob-Id": f.ID, "Commit-Id": f.commit, "Content-Sha256": hex.EncodeToString(f.sum), "Encoding": "base64",
		"Execute-Filemode": strconv.FormatBool(f.Executable()), "File-Name": f.Name(), "File-Path": f.Path,
		"Last-Commit-Id": f.last, "Ref": f.ref, "Size": strconv.FormatInt(f.size, 10),
	} {
		h["X-Gitlab-"+name] = []string{model.Clean(value)}
	}
}

// sendFile writes A133's fields, the content as it is read.
func (c *call) sendFile(f *file, blob io.Reader) {
	var before, after object
	before.text("file_name", f.Name())
	before.text("file_path", f.Path)
	before.number("size", f.size)
	before.text("encoding", "base64")
	before.key("content")
	after.text("content_sha256", hex.EncodeToString(f.sum))
	after.text("ref", f.ref)
	after.text("blob_id", f.ID)
	after.text("commit_id", f.commit)
	after.text("last_commit_id", f.last)
	after.boolean("execute_filemode", f.Executable())
	rest := after.end()
	rest[0] = ','

	c.W.Header()["Content-Type"] = jsonType
	c.Pace()
	c.W.WriteHeader(http.StatusOK)
	c.W.Write(append(before.b, '"'))
	encoder := base64.NewEncoder(base64.StdEncoding, c.W)
	copied(io.Copy(encoder, blob))
	encoder.Close()
	c.W.Write(append([]byte{'"'}, rest...))
}

// getRawFile is A134.
func getRawFile(c *call) error {
	f := c.form()
	ref := f.ref("ref")
	if err := f.err(); err != nil {
		return err
	}
	return c.withCode("File", func(in *code) error {
		found, err := in.file(ref, c.arg(":file_path"))
		if err != nil {
			return err
		}
		return c.sendRaw(in, found.ID)
	})
}

// getRawBlob is A134 for a file's content by its id.
func getRawBlob(c *call) error {
	return c.withCode("Blob", func(in *code) error { return c.sendRaw(in, c.arg(":sha")) })
}

// sendRaw sends a file's bytes as they are read. A browser shows them as a text or
// saves them, whatever they say that they are.
func (c *call) sendRaw(in *code, id string) error {
	blob, err := in.Blob(id)
	if err != nil {
		return err
	}
	content := bufio.NewReaderSize(blob, 64<<10)
	start, err := content.Peek(int(min(blob.Size, 8000)))
	if err != nil {
		return err
	}
	h := c.W.Header()
	h["Content-Type"] = []string{"application/octet-stream"}
	if isText(start, blob.Size == int64(len(start))) {
		h["Content-Type"] = []string{"text/plain; charset=utf-8"}
	}
	h["Content-Disposition"] = []string{"inline"}
	h["Content-Length"] = []string{strconv.FormatInt(blob.Size, 10)}
	c.Pace()
	c.W.WriteHeader(http.StatusOK)
	if c.R.Method != http.MethodHead {
		copied(io.Copy(c.W, content))
	}
	return nil
}

// isText tells whether what begins like that is a text: UTF-8 without NUL. The
// last character may be cut off, unless this is the whole.
func isText(start []byte, whole bool) bool {
	if bytes.IndexByte(start, 0) >= 0 {
		return false
	}
	if utf8.Valid(start) || whole {
		return utf8.Valid(start)
	}
	for cut := range min(utf8.UTFMax, len(start)) {
		if utf8.Valid(start[:len(start)-cut]) {
			return true
		}
	}
	return false
}

// copied ends the connection if what was read, or sent, isn't all: it must not
// look like a whole answer.
func copied(_ int64, err error) {
	if err != nil {
		panic(http.ErrAbortHandler)
	}
}
