package rest

import (
	"net/http"
	"slices"
	"strconv"

	"patrol/model"
)

// gitlabVersion is the release whose behaviour clients may expect (A140).
const gitlabVersion = "18.11.0"

// version is A140.
func version(c *call) error {
	return c.object(http.StatusOK, func(o *object) {
		o.text("version", gitlabVersion)
		o.text("revision", c.api.Revision)
	})
}

// metadata is A141.
func metadata(c *call) error {
	setting, err := c.api.Store.Setting(c.Context, model.SettingK8sUpstreams)
	if err != nil {
		return err
	}
	clusters, err := model.ParseClusters(setting)
	if err != nil {
		return err
	}
	return c.object(http.StatusOK, func(o *object) {
		o.text("version", gitlabVersion)
		o.text("revision", c.api.Revision)
		o.object("kas", func(o *object) {
			o.boolean("enabled", len(clusters) > 0)
			o.null("externalUrl")
			if len(clusters) == 0 {
				o.null("externalK8sProxyUrl")
			} else {
				o.text("externalK8sProxyUrl", c.Link("-/k8s-proxy/"))
			}
			o.null("version")
		})
		o.boolean("enterprise", false)
	})
}

// apiSetting is a setting of R190 under GitLab's name.
type apiSetting struct {
	name, key string
	kind      settingKind
}

type settingKind int

const (
	textSetting settingKind = iota
	numberSetting
	booleanSetting
)

// apiSettings are the settings marked in R190, in A142's order.
var apiSettings = []apiSetting{
	{"personal_access_token_prefix", model.SettingPrefix, textSetting},
	{"max_personal_access_token_lifetime", model.SettingMaxLifetime, numberSetting},
	{"require_personal_access_token_expiry", model.SettingRequireExpiry, booleanSetting},
	{"inactive_resource_access_tokens_delete_after_days", model.SettingBotRetention, numberSetting},
	{"container_registry_token_expire_delay", model.SettingRegistryDelay, numberSetting},
}

// getSettings is A142.
func getSettings(c *call) error {
	list, err := c.api.Store.Settings(c.Context, c.asker())
	if err != nil {
		return err
	}
	return c.object(http.StatusOK, func(o *object) {
		o.number("id", 1)
		for _, s := range apiSettings {
			i := slices.IndexFunc(list, func(have model.Setting) bool { return have.Key == s.key })
			s.write(o, list[i].Value)
		}
	})
}

func (s apiSetting) write(o *object, value string) {
	switch {
	case s.kind == textSetting:
		o.text(s.name, value)
	case value == "":
		o.null(s.name)
	default:
		o.raw(s.name, []byte(value)) // a number or a boolean, checked when it was set
	}
}

// changeSettings is A143: all of them, or none.
func changeSettings(c *call) error {
	f := c.form()
	var values []model.Setting
	for _, s := range apiSettings {
		if _, given := f.given(s.name); given {
			values = append(values, model.Setting{Key: s.key, Value: s.read(f)})
		}
	}
	if err := f.err(); err != nil {
		return err
	}
	if err := c.api.Store.ChangeSettings(c.Context, c.asker(), values); err != nil {
		return settingRefusal(err)
	}
	return getSettings(c)
}

// read gives a setting's text; null and an empty text empty it.
func (s apiSetting) read(f *form) string {
	switch s.kind {
	case numberSetting:
		if n, given := f.number(s.name); given {
			return strconv.Itoa(n)
		}
		return ""
	case booleanSetting:
		if b := f.boolean(s.name); b != nil {
			return strconv.FormatBool(*b)
		}
		return ""
	}
	text, _ := f.text(s.name)
	return text
}

// settingRefusal calls a setting by GitLab's name.
func settingRefusal(err error) error {
	reason := reasonOf(err, model.ErrInvalid)
	if reason == nil {
		return err
	}
	named := *reason
	named.Fields = slices.Clone(reason.Fields)
	for i, field := range named.Fields {
		for _, s := range apiSettings {
			if s.key == field.Key {
				named.Fields[i].Key = s.name
			}
		}
	}
	return &named
}
