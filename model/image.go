package model

import (
	"slices"
	"strings"
)

// ImageRequest is what a client of a container registry asks to do with an image
// (G56), or what is granted to it.
type ImageRequest struct {
	Type    string   `json:"type"` // repository; registry for its catalog
	Name    string   `json:"name"`
	Actions []string `json:"actions"` // pull, push, delete, *
}

// The types of what is asked for.
const (
	ImageType   = "repository"
	CatalogType = "registry"
	catalogName = "catalog"
)

// How much may be asked for at once.
const (
	maxImageRequests = 100
	maxImageActions  = 10
)

// ParseImageRequests reads scopes as clients of registries write them, parted by
// blanks. What is malformed, of another type, or no name of an image is skipped.
func ParseImageRequests(text string) (list []ImageRequest) {
	for scope := range strings.FieldsSeq(text) {
		if r, ok := parseImageRequest(scope); ok && len(list) < maxImageRequests {
			list = append(list, r)
		}
	}
	return list
}

// parseImageRequest reads TYPE:NAME:ACTIONS, where a type may have a class in
// parentheses. A name may hold a port's colon, so that the last one parts it.
func parseImageRequest(scope string) (r ImageRequest, ok bool) {
	kind, rest, _ := strings.Cut(scope, ":")
	kind, class, classed := strings.Cut(kind, "(")
	last := strings.LastIndexByte(rest, ':')
	if last < 0 || classed && (!strings.HasSuffix(class, ")") || kind != ImageType) {
		return r, false
	}
	r = ImageRequest{Type: kind, Name: rest[:last]}
	for action := range strings.SplitSeq(rest[last+1:], ",") {
		if imageActions[action].action == NoAction {
			continue
		}
		if !slices.Contains(r.Actions, action) && len(r.Actions) < maxImageActions {
			r.Actions = append(r.Actions, action)
		}
	}
	switch kind {
	case CatalogType:
		ok = r.Name == catalogName && slices.Equal(r.Actions, []string{"*"})
	case ImageType:
		ok = len(r.Name) <= 255 && imageName.MatchString(r.Name) && len(r.Actions) > 0
	}
	return r, ok
}

// imageActions are the rows of R60's table and of §2 that each action asks for
// (G58).
var imageActions = map[string]struct {
	access Access
	action Action
}{
	"pull":   {RegistryPull, PullPackage},
	"push":   {RegistryPush, PushPackage},
	"delete": {RegistryDelete, DeletePackage},
	"*":      {RegistryDelete, DeletePackage},
}

// AdmitToRegistry tells whether the credentials may be used for a registry at
// all, whatever is asked for (G52, G53).
func AdmitToRegistry(c Caller, today Date) Decision {
	d := Admit(c, RegistryPull, today)
	if d.Kind == ErrScope && Admit(c, RegistryPush, today).Allowed {
		return allow(d.Rule)
	}
	return d
}

// GrantImage is what of a request the caller is granted (G58), and why not the
// rest. The target is the image's project; the catalog has none.
func GrantImage(c Caller, today Date, t Target, r ImageRequest) (granted ImageRequest, refused Decision) {
	granted = ImageRequest{Type: r.Type, Name: r.Name}
	refused = allow("G58")
	for _, name := range r.Actions {
		a := imageActions[name]
		f := Facts{Today: today, Caller: c, Access: a.access, Action: a.action, Target: t}
		if r.Type == CatalogType {
			f.Action, f.Target = Administer, Target{}
		}
		if d := Decide(f); !d.Allowed {
			refused = d
			continue
		}
		granted.Actions = append(granted.Actions, name)
	}
	return granted, refused
}
