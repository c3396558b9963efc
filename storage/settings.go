package storage

import (
	"context"
	"errors"

	"patrol/model"
)

// onInstance decides an action that is about no place: Administer,
// ReadInstance, or NoAction, which needs a known user only.
func (t *tx) onInstance(a model.Access, action model.Action, audited string, on about) (model.Caller, error) {
	caller, err := t.caller()
	if err != nil {
		return caller, err
	}
	return caller, t.decide(model.Facts{Today: t.today(), Caller: caller, Access: t.access(a), Action: action}, audited, on)
}

// Settings lists the instance's settings in R190's order.
func (db *DB) Settings(ctx context.Context, a model.Actor) (list []model.Setting, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		if _, err := t.onInstance(model.RESTRead, model.ReadInstance, "", about{}); err != nil {
			return err
		}
		in, err := t.instance()
		if err != nil {
			return err
		}
		list = model.DefaultSettings()
		for i, s := range list {
			list[i].Value = in.settings[s.Key]
		}
		return nil
	})
	return list, err
}

// ChangeSetting sets one setting (R190, R191).
func (db *DB) ChangeSetting(ctx context.Context, a model.Actor, key, value string) (setting model.Setting, err error) {
	err = db.change(ctx, a, func(t *tx) error {
		if _, err := t.onInstance(model.RESTWrite, model.Administer, model.SettingChanged, about{kind: "setting", path: key}); err != nil {
			return err
		}
		setting, err = t.set(key, value)
		return err
	})
	return setting, err
}

// ChangeSettings sets several, all or none; all that is wrong is told at once
// (R59, R191).
func (db *DB) ChangeSettings(ctx context.Context, a model.Actor, values []model.Setting) error {
	return db.change(ctx, a, func(t *tx) error {
		if _, err := t.onInstance(model.RESTWrite, model.Administer, model.SettingChanged, about{kind: "setting"}); err != nil {
			return err
		}
		var w wrong
		for _, s := range values {
			var r *model.Reason
			if err := model.CheckSetting(s.Key, s.Value); errors.As(err, &r) && r.Kind == model.ErrInvalid {
				w.add(r.Rule, s.Key, r.Fields[0].Text)
			} else if err != nil {
				return err
			}
		}
		if err := w.err(); err != nil {
			return err
		}
		for _, s := range values {
			if _, err := t.set(s.Key, s.Value); err != nil {
				return err
			}
		}
		return nil
	})
}

// RecordURL notes the address of a running server.
func (db *DB) RecordURL(ctx context.Context, url string) error {
	return db.change(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		_, err := t.set(model.SettingURL, url)
		return err
	})
}

const setSQL = `INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`

func (t *tx) set(key, value string) (model.Setting, error) {
	if err := model.CheckSetting(key, value); err != nil {
		return model.Setting{}, err
	}
	in, err := t.instance()
	if err != nil {
		return model.Setting{}, err
	}
	old := in.settings[key]
	if old != value {
		if err := t.exec(setSQL, key, value); err != nil {
			return model.Setting{}, err
		}
		t.settingsChanged()
		if err := t.record(model.SettingChanged, about{kind: "setting", path: key}, changes{key: {old, value}}); err != nil {
			return model.Setting{}, err
		}
	}
	return settingOf(key, value), nil
}

// settingOf is a known setting with a value.
func settingOf(key, value string) (setting model.Setting) {
	for _, s := range model.DefaultSettings() {
		if s.Key == key {
			setting = s
		}
	}
	setting.Value = value
	return setting
}

// URL is the address that a server has recorded.
func (db *DB) URL(ctx context.Context) (string, error) { return db.Setting(ctx, model.SettingURL) }

// Setting is the value of one setting, for doors.
func (db *DB) Setting(ctx context.Context, key string) (value string, err error) {
	err = db.view(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		in, err := t.instance()
		if err != nil {
			return err
		}
		var known bool
		if value, known = in.settings[key]; !known {
			return model.NotFound("setting")
		}
		return nil
	})
	return value, err
}
