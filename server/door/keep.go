package door

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// KeepOnce reads a private file, and makes it (0600) if it isn't there: what it
// holds is made once, by whichever process comes first.
func KeepOnce(file string, make func() ([]byte, error)) ([]byte, error) {
	text, err := ReadPrivate(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	made, err := make()
	if err != nil {
		return nil, err
	}
	// It gets its name once it is whole, and only if another process hasn't made
	// one meanwhile.
	temporary, err := os.CreateTemp(filepath.Dir(file), ".new-*") // 0600
	if err != nil {
		return nil, fileError(file, err)
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(made)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Link(temporary.Name(), file)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fileError(file, err)
	}
	return ReadPrivate(file)
}

// ReadPrivate reads a file that nobody else may read; fs.ErrNotExist: it isn't
// there.
func ReadPrivate(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fileError(file, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others can read the private key in %s: make it private with chmod 600, or remove it for a new one if it may be known", file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fileError(file, err)
	}
	return text, nil
}

// fileError names the file once.
func fileError(file string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("the private key in %s: %w", file, err)
}
