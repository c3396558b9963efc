package model

import "testing"

func FuzzParseImageRequests(f *testing.F) {
	f.Add("repository:acme/web:pull,push registry:catalog:*")
	f.Add("repository(plugin):a:b:c ::: repository:..:pull")
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range ParseImageRequests(text) {
			if r.Type == ImageType && !imageName.MatchString(r.Name) || len(r.Actions) == 0 || len(r.Actions) > maxImageActions {
				t.Errorf("G56: %q: %+v", text, r)
			}
		}
	})
}
