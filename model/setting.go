package model

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Setting is one of the instance's settings (R190) and its value.
type Setting struct {
	Key     string
	Value   string // the default, if nobody has set one
	Default string
	Allowed string // in words, for people
	check   func(string) error
}

// The keys of the settings that the program itself reads.
const (
	SettingInstanceKind  = "instance_kind"
	SettingHost          = "host"
	SettingPrefix        = "personal_access_token_prefix"
	SettingMaxLifetime   = "max_personal_access_token_lifetime"
	SettingBotRetention  = "bot_retention_days"
	SettingTokenInQuery  = "allow_token_in_query"
	SettingURL           = "url"
	SettingExpiredBots   = "expired_bot_retention_days"
	SettingRequireExpiry = "require_personal_access_token_expiry"
	SettingRegistryDelay = "container_registry_token_expire_delay"

	SettingRegistryService = "registry_service"
	SettingRegistryIssuer  = "registry_issuer"

	SettingAIUpstream   = "ai_upstream"
	SettingK8sUpstreams = "k8s_upstreams"

	SettingPushProtection        = "push_protection"
	SettingPushProtectionSeconds = "push_protection_seconds"

	SettingTokenLimit   = "rate_limit_per_token"
	SettingAddressLimit = "rate_limit_per_address"
	SettingLoginLimit   = "rate_limit_failed_logins"
)

// Instance kinds (R1).
const (
	SelfManaged = "self_managed"
	SaaS        = "saas"
)

// settings is R190's table as far as something reads it.
var settings = []Setting{
	{Key: SettingInstanceKind, Default: SelfManaged, Allowed: "self_managed, saas", check: oneOf(SelfManaged, SaaS)},
	{Key: SettingHost, Default: "localhost", Allowed: "host name", check: short(253, matches(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`, "must be a host name"))},
	{Key: SettingPrefix, Default: DefaultPrefix, Allowed: "up to 20 of A–Z a–z 0–9 _ + = / @ : . -", check: matches(`^[A-Za-z0-9_+=/@:.-]{0,20}$`, "must be at most 20 of A–Z a–z 0–9 _ + = / @ : . -")},
	{Key: SettingMaxLifetime, Allowed: "1–365 days, or empty", check: emptyOr(between(1, MaxLifetime))},
	{Key: SettingBotRetention, Default: "0", Allowed: "0–3650 days", check: between(0, 3650)},
	{Key: SettingExpiredBots, Default: "30", Allowed: "0–3650 days", check: between(0, 3650)},
	{Key: SettingRequireExpiry, Default: "true", Allowed: "true", check: oneOf("true")},
	{Key: SettingTokenInQuery, Default: "true", Allowed: "true, false", check: oneOf("true", "false")},
	{Key: SettingRegistryDelay, Default: "5", Allowed: "1–60 minutes", check: between(1, 60)},
	{Key: SettingRegistryService, Default: "container_registry", Allowed: "A–Z a–z 0–9 . _ : / @ + -", check: short(255, matches(registryText, "must be one or more of A–Z a–z 0–9 . _ : / @ + -"))},
	{Key: SettingRegistryIssuer, Default: "patrol-issuer", Allowed: "A–Z a–z 0–9 . _ : / @ + -", check: short(255, matches(registryText, "must be one or more of A–Z a–z 0–9 . _ : / @ + -"))},
	{Key: SettingAIUpstream, Allowed: "JSON with url and key_file, or empty", check: parses(ParseAIUpstream)},
	{Key: SettingK8sUpstreams, Allowed: "JSON list of clusters, or empty", check: parses(ParseClusters)},
	{Key: SettingPushProtection, Default: "true", Allowed: "true, false", check: oneOf("true", "false")},
	{Key: SettingPushProtectionSeconds, Default: "60", Allowed: "1–3600 seconds", check: between(1, 3600)},
	{Key: SettingTokenLimit, Allowed: "1–1000000 requests a minute, or empty", check: emptyOr(between(1, 1_000_000))},
	{Key: SettingAddressLimit, Allowed: "1–1000000 requests a minute, or empty", check: emptyOr(between(1, 1_000_000))},
	{Key: SettingLoginLimit, Allowed: "1–1000000 a minute, or empty", check: emptyOr(between(1, 1_000_000))},
	{Key: SettingURL, Allowed: "a URL, with a path if need be", check: emptyOr(isURL)},
}

// registryText is what a registry's configuration can hold without quotes.
const registryText = `^[A-Za-z0-9._:/@+-]+$`

// DefaultSettings lists every setting with its default value, in R190's order.
func DefaultSettings() []Setting {
	list := make([]Setting, len(settings))
	for i, s := range settings {
		s.Value = s.Default
		list[i] = s
	}
	return list
}

// CheckSetting is nil if the instance has that setting and it can have that
// value (R191).
func CheckSetting(key, value string) error {
	for _, s := range settings {
		if s.Key != key {
			continue
		}
		if err := s.check(value); err != nil {
			return Invalid("R191", Field{key, err.Error()})
		}
		return nil
	}
	return &Reason{Rule: "R191", Kind: ErrNotFound, Text: fmt.Sprintf("no setting is called %q", key),
		Remedy: "patrol settings lists them"}
}

func oneOf(values ...string) func(string) error {
	return func(s string) error {
		for _, v := range values {
			if s == v {
				return nil
			}
		}
		return fmt.Errorf("must be %s", strings.Join(values, " or "))
	}
}

func between(least, most int) func(string) error {
	return func(s string) error {
		n, err := strconv.Atoi(s)
		switch {
		case err != nil || s != strconv.Itoa(n):
			return fmt.Errorf("must be a number from %d to %d", least, most)
		case n < least:
			return fmt.Errorf("must be greater than or equal to %d", least)
		case n > most:
			return fmt.Errorf("must be less than or equal to %d", most)
		}
		return nil
	}
}

func emptyOr(check func(string) error) func(string) error {
	return func(s string) error {
		if s == "" {
			return nil
		}
		return check(s)
	}
}

// short is a check of at most so many bytes, before another. An expression that
// counts so far would take a megabyte.
func short(most int, check func(string) error) func(string) error {
	return func(s string) error {
		if len(s) > most {
			return fmt.Errorf("is too long (maximum is %d bytes)", most)
		}
		return check(s)
	}
}

// parses is a check by what reads the value.
func parses[T any](parse func(string) (T, error)) func(string) error {
	return func(s string) error {
		_, err := parse(s)
		return err
	}
}

func matches(pattern, otherwise string) func(string) error {
	re := regexp.MustCompile(pattern)
	return func(s string) error {
		if !re.MatchString(s) {
			return fmt.Errorf("%s", otherwise)
		}
		return nil
	}
}

func isURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || strings.ContainsAny(s, "?#") {
		return fmt.Errorf("must be an http or https URL without credentials, query or fragment")
	}
	return nil
}

// Settings are the instance's settings (R190).
type Settings interface {
	Settings(context.Context, Actor) ([]Setting, error)
	ChangeSetting(ctx context.Context, a Actor, key, value string) (Setting, error)
	// ChangeSettings sets several, all or none; of each only Key and Value count.
	ChangeSettings(context.Context, Actor, []Setting) error
	// RecordURL notes the address of a running server in the setting url; it is
	// not a person's change.
	RecordURL(ctx context.Context, url string) error
	// URL is the setting url; empty: no server has recorded one.
	URL(context.Context) (string, error)
	// Setting is the value of one setting, for doors: it is not a person's
	// question. An unknown key is ErrNotFound.
	Setting(ctx context.Context, key string) (string, error)
}
