package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"patrol/model"
	"patrol/sshkey"
)

// readKey reads the one public SSH key in a file, or on standard input if none
// is named.
func (s *session) readKey(files ...string) (model.NewKey, error) {
	in, name := s.in, "standard input"
	if len(files) > 0 {
		f, err := os.Open(files[0])
		if err != nil {
			return model.NewKey{}, err
		}
		defer f.Close()
		in, name = f, files[0]
	}
	text, err := io.ReadAll(io.LimitReader(in, sshkey.MaxFile+1))
	if err != nil {
		return model.NewKey{}, err
	}
	key, err := titled(sshkey.Parse(text))
	if err != nil {
		return model.NewKey{}, fmt.Errorf("%s: %w", name, err)
	}
	return key, nil
}

// titled makes the title of a key one that can be shown.
func titled(key model.NewKey, err error) (model.NewKey, error) {
	if err != nil {
		return key, err
	}
	var wrong string
	if key.Title, wrong = model.CleanName(key.Title, true); wrong != "" {
		return key, errors.New("the key's comment " + wrong + ": change the comment")
	}
	return key, nil
}
