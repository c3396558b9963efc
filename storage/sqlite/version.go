package sqlite

import (
	"encoding/binary"
	"hash/maphash"
	"os"
)

// walIndex looks at the head of the write-ahead log's index, the -shm file. It
// is what SQLite's own readers compare to see whether anything was committed,
// by whatever process, and its form is fixed (sqlite.org/walformat.html §2.1):
// a change counter, the log's length, checksums and salts. Reading it takes a
// microsecond where PRAGMA data_version takes eight.
//
// The file stays open as long as the database: closing it would drop the locks
// that SQLite holds on it for this process.
type walIndex struct {
	file *os.File
	seed maphash.Seed
}

const walIndexHead = 40 // up to the checksum of the head itself

func openWALIndex(path string) (*walIndex, error) {
	f, err := os.Open(path + "-shm")
	if err != nil {
		return nil, err
	}
	return &walIndex{file: f, seed: maphash.MakeSeed()}, nil
}

func (w *walIndex) version() (uint64, error) {
	var head [walIndexHead]byte
	if _, err := w.file.ReadAt(head[:], 0); err != nil {
		return 0, err
	}
	// Readers may see the head while it is being written: then it equals neither
	// the old nor the new one, which is as good as a change.
	return maphash.Bytes(w.seed, head[:]) ^ uint64(binary.NativeEndian.Uint32(head[8:])), nil
}

func (w *walIndex) close() error { return w.file.Close() }
