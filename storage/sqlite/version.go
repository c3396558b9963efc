package sqlite

import (
	"encoding/binary"
	"hash/maphash"
	"os"
	"slices"
	"sync"
)

// walIndex looks at the head of the write-ahead log's index, the -shm file. It
// is what SQLite's own readers compare to see whether anything was committed,
// by whatever process, and its form is fixed (sqlite.org/walformat.html §2.1):
// a change counter, the log's length, checksums and salts. Reading it takes a
// microsecond where PRAGMA data_version takes eight.
//
// The file stays open as long as this process has the database open, by however
// many engines: closing it would drop the locks that SQLite holds on it for the
// whole process. Then another process would make it anew under those who use it.
type walIndex struct {
	file  *os.File
	info  os.FileInfo
	seed  maphash.Seed
	users int
}

// walIndexes are those that are open.
var walIndexes struct {
	sync.Mutex
	list []*walIndex
}

const walIndexHead = 40 // up to the checksum of the head itself

func openWALIndex(path string) (*walIndex, error) {
	walIndexes.Lock()
	defer walIndexes.Unlock()
	info, err := os.Stat(path + "-shm") // which opens nothing that would have to be closed
	if err != nil {
		return nil, err
	}
	for _, w := range walIndexes.list {
		if os.SameFile(w.info, info) {
			w.users++
			return w, nil
		}
	}
	f, err := os.Open(path + "-shm")
	if err != nil {
		return nil, err
	}
	w := &walIndex{file: f, info: info, seed: maphash.MakeSeed(), users: 1}
	walIndexes.list = append(walIndexes.list, w)
	return w, nil
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

func (w *walIndex) close() error {
	walIndexes.Lock()
	defer walIndexes.Unlock()
	if w.users--; w.users > 0 {
		return nil
	}
	walIndexes.list = slices.DeleteFunc(walIndexes.list, func(open *walIndex) bool { return open == w })
	return w.file.Close()
}
