package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"patrol/model"
	"patrol/server/ssh"
)

var settingColumns = []column[model.Setting]{
	{"KEY", func(v model.Setting) string { return v.Key }},
	{"VALUE", func(v model.Setting) string { return v.Value }},
	{"DEFAULT", func(v model.Setting) string { return v.Default }},
	{"ALLOWED", func(v model.Setting) string { return v.Allowed }},
}

func shapeSetting(v model.Setting) any { return settingShape{v.Key, v.Value, v.Default, v.Allowed} }

func (a *app) settingsCommand() *cobra.Command {
	c := a.leaf("settings [KEY [VALUE]]", "The instance's settings: all, one, or a new value for one", cobra.MaximumNArgs(2), func(s *session, args []string) error {
		switch len(args) {
		case 0:
			return printList(s, 0, settingColumns, shapeSetting, whole(s.settings()))
		case 1:
			return s.showSetting(args[0])
		}
		v, err := s.store.ChangeSetting(s.ctx, s.actor, args[0], args[1])
		if err != nil {
			return err
		}
		return s.printDone(shapeSetting(v), "%s is now %q.", v.Key, v.Value)
	})
	keys := make([]string, 0)
	for _, v := range model.DefaultSettings() {
		keys = append(keys, v.Key)
	}
	return a.complete(c, words(keys...))
}

// settings are the instance's, and the fingerprint of the SSH host key once there
// is one: what clients ask people to compare.
func (s *session) settings() ([]model.Setting, error) {
	list, err := s.store.Settings(s.ctx, s.actor)
	if err != nil {
		return nil, err
	}
	if key, err := ssh.ReadHostKey(hostKeyFile(s.store.Folder())); err == nil {
		list = append(list, model.Setting{Key: "ssh_host_key", Value: key.Fingerprint, Allowed: "made by serve"})
	}
	return list, nil
}

// showSetting prints one value alone, for scripts.
func (s *session) showSetting(key string) error {
	list, err := s.settings()
	if err != nil {
		return err
	}
	for _, v := range list {
		if v.Key == key {
			return s.printDone(shapeSetting(v), "%s", v.Value)
		}
	}
	return model.CheckSetting(key, "") // says that there is none of that name
}

var featureColumns = []column[model.Feature]{
	{"FEATURE", func(model.Feature) string { return model.FeatureName }},
	{"VALUE", featureValue},
	{"FOR", func(v model.Feature) string {
		if v.Path == "" {
			return "the instance"
		}
		return v.Path
	}},
}

func featureValue(v model.Feature) string {
	if v.Default {
		return onOff(v.On) + " (default)"
	}
	return onOff(v.On)
}

func shapeFeature(v model.Feature) any {
	return featureShape{model.FeatureName, orNull(v.Path), v.On, v.Default}
}

func (a *app) featureCommand() *cobra.Command {
	return parent("feature", "The feature flag "+model.FeatureName, a.featureList(), a.featureSet())
}

func (a *app) featureList() *cobra.Command {
	return a.leaf("list", "List the flag's value, and each project's own", cobra.NoArgs, func(s *session, _ []string) error {
		return printList(s, 0, featureColumns, shapeFeature, whole(s.store.Features(s.ctx, s.actor)))
	})
}

func (a *app) featureSet() *cobra.Command {
	var project string
	c := a.leaf("set "+model.FeatureName+" on|off|default", "Turn the flag on or off, or forget its value", cobra.ExactArgs(2), func(s *session, args []string) error {
		if args[0] != model.FeatureName {
			return usagef("there is no feature %q: use %s", args[0], model.FeatureName)
		}
		on, err := argument(featureSetting(args[1]))
		if err != nil {
			return err
		}
		in, where := placeFlags(project, ""), "the instance"
		if project != "" {
			where = project
		}
		if err := s.store.SetFeature(s.ctx, s.actor, in, on); err != nil {
			return err
		}
		shape := featureShape{Name: model.FeatureName, Project: orNull(project), On: on == nil || *on, Default: on == nil}
		return s.printDone(shape, "%s is %s for %s.", model.FeatureName, args[1], where)
	})
	a.placeFlag(c, "project", &project, "only for this project", projectPaths)
	return a.complete(c, words(model.FeatureName), words("on", "off", "default"))
}

func featureSetting(s string) (*bool, error) {
	if s == "default" {
		return nil, nil
	}
	on, err := parseOnOff(s)
	if err != nil {
		return nil, fmt.Errorf("%w nor default", err)
	}
	return &on, nil
}
