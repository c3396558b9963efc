package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"patrol/model"
)

func (a *app) keyCommand() *cobra.Command {
	return parent("key", "A person's public SSH keys", a.keyAdd(), a.keyList(), a.keyRemove())
}

var keyColumns = []column[model.Key]{
	{"ID", func(k model.Key) string { return strconv.FormatInt(k.ID, 10) }},
	{"ADDED", func(k model.Key) string { return moment(k.AddedAt) }},
	{"FINGERPRINT", func(k model.Key) string { return k.Fingerprint }},
	{"TITLE", func(k model.Key) string { return k.Title }},
}

func (a *app) keyAdd() *cobra.Command {
	c := a.leaf("add NAME [FILE]", "Add a public SSH key, from FILE or standard input", cobra.RangeArgs(1, 2), func(s *session, args []string) error {
		u, err := s.user(args[0])
		if err != nil {
			return err
		}
		key, err := s.readKey(args[1:]...)
		if err != nil {
			return err
		}
		added, err := s.store.AddKey(s.ctx, s.actor, u.ID, key)
		if err != nil {
			return err
		}
		return s.printDone(shapeKey(added), "Added SSH key %d of %s: %s", added.ID, u.Username, added.Fingerprint)
	})
	return a.completeUserFile(c)
}

func (a *app) keyList() *cobra.Command {
	c := a.leaf("list NAME", "List a person's SSH keys", cobra.ExactArgs(1), func(s *session, args []string) error {
		u, err := s.user(args[0])
		if err != nil {
			return err
		}
		return printList(s, 0, keyColumns, func(k model.Key) any { return shapeKey(k) }, whole(s.store.Keys(s.ctx, s.actor, u.ID)))
	})
	return a.complete(c, usernames)
}

func (a *app) keyRemove() *cobra.Command {
	c := a.leaf("remove NAME [FILE|ID|FINGERPRINT]", "Remove an SSH key, named by its file, number or fingerprint", cobra.RangeArgs(1, 2), func(s *session, args []string) error {
		u, err := s.user(args[0])
		if err != nil {
			return err
		}
		key, err := s.findKey(u, args[1:])
		if err != nil {
			return err
		}
		if err := s.store.RemoveKey(s.ctx, s.actor, u.ID, key.ID); err != nil {
			return err
		}
		return s.printDone(shapeKey(key), "Removed SSH key %d of %s: %s", key.ID, u.Username, key.Fingerprint)
	})
	return a.completeUserFile(c)
}

// findKey finds the key that a command means: by number, by fingerprint, or as
// the one in a file or on standard input.
func (s *session) findKey(u model.User, args []string) (model.Key, error) {
	keys, err := s.store.Keys(s.ctx, s.actor, u.ID)
	if err != nil {
		return model.Key{}, err
	}
	find := func(is func(model.Key) bool) (model.Key, bool) {
		for _, k := range keys {
			if is(k) {
				return k, true
			}
		}
		return model.Key{}, false
	}
	if len(args) > 0 {
		id, _ := model.ParseID(args[0])
		if k, ok := find(func(k model.Key) bool { return k.ID == id || k.Fingerprint == args[0] }); ok {
			return k, nil
		}
		if id > 0 {
			return model.Key{}, model.NotFound("key")
		}
	}
	key, err := s.readKey(args...)
	if err != nil {
		return model.Key{}, err
	}
	if k, ok := find(func(k model.Key) bool { return k.Fingerprint == key.Fingerprint }); ok {
		return k, nil
	}
	return model.Key{}, model.NotFound("key")
}
