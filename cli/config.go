package cli

import (
	"cmp"
	"path/filepath"

	"patrol/config"
	"patrol/model"
)

// chosen is what whoever starts the console has chosen for it. A mistake in the
// file is wrong usage: nothing starts on half of what somebody wanted.
func (a *app) chosen() (config.Console, error) {
	file := a.configured()
	if file != "" {
		return a.readConfig(file, true)
	}
	if file = filepath.Join(a.configFolder(), "patrol", "config.toml"); !filepath.IsAbs(file) {
		return config.Console{}, nil // nobody has a home
	}
	return a.readConfig(file, false)
}

// forVisitors is what those get who open the console over SSH: only what whoever
// serves has named. His own choice is his own.
func (a *app) forVisitors() (config.Console, error) {
	file := a.configured()
	if file == "" {
		return config.Console{}, nil
	}
	c, err := a.readConfig(file, true)
	c.File = "" // it isn't theirs to write
	return c, err
}

// configured is the file that was named; empty: none was.
func (a *app) configured() string { return cmp.Or(a.config, a.getenv("PATROL_CONFIG")) }

func (a *app) configFolder() string {
	if folder := a.getenv("XDG_CONFIG_HOME"); filepath.IsAbs(folder) { // the XDG specification: any other is ignored
		return folder
	}
	if home := a.getenv("HOME"); home != "" {
		return filepath.Join(home, ".config")
	}
	return ""
}

func (a *app) readConfig(file string, must bool) (config.Console, error) {
	return argument(config.Read(file, must, func(line string) error {
		_, err := model.ParseFilter(line)
		return err
	}))
}
