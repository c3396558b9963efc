package door

import (
	"net/url"
	"strings"

	"patrol/model"
)

// SecretParam is the parameter of a query or a form that may hold a secret (A5).
const SecretParam = "private_token"

// masked is the request's path, or a part of it, as it may be kept: without the
// secret that was shown, and without anything that begins as secrets here do
// (R143). People paste into the wrong place.
func (v *Visit) masked(path string) string {
	if masked := v.mask(path); masked != path {
		return masked
	}
	if plain, err := url.PathUnescape(path); err == nil && plain != path && v.mask(plain) != plain {
		return v.mask(plain)
	}
	return path
}

const maskedText = "[hidden]"

func (v *Visit) mask(text string) string {
	if len(text) < model.SecretLength {
		return text
	}
	shown := v.secret.Reveal()
	if len(shown) >= model.SecretLength {
		text = strings.ReplaceAll(text, shown, maskedText)
	}
	for _, prefix := range v.prefixes(shown) {
		text = maskAfter(text, prefix)
	}
	return text
}

// prefixes are what secrets begin with: by default, as the one that was shown,
// and as the last one that was let in, for requests that show none.
func (v *Visit) prefixes(shown string) []string {
	own := prefixOf(shown)
	if known := v.House.usedPrefix.Load(); own == "" && known != nil {
		own = *known
	}
	if own == "" || own == model.DefaultPrefix {
		return []string{model.DefaultPrefix}
	}
	return []string{model.DefaultPrefix, own}
}

// letIn remembers what the secret of a known token begins with.
func (h *House) letIn(secret model.Secret) {
	own := prefixOf(secret.Reveal())
	if known := h.usedPrefix.Load(); known == nil || *known != own {
		h.usedPrefix.Store(&own)
	}
}

func prefixOf(secret string) string { return secret[:max(len(secret)-model.SecretLength, 0)] }

// maskAfter hides what follows a prefix, if it is as long as a secret.
func maskAfter(text, prefix string) string {
	for at := 0; ; {
		i := strings.Index(text[at:], prefix)
		if i < 0 {
			return text
		}
		at += i + len(prefix)
		end := at
		for end < len(text) && isSecretByte(text[end]) {
			end++
		}
		if end-at >= model.SecretLength {
			text = text[:at] + maskedText + text[end:]
		}
	}
}

func isSecretByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b == '-'
}
