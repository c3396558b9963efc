package model

import (
	"strings"
	"testing"
)

// R190/ai_upstream, R190/k8s_upstreams, R191: what can't work is refused when it is set.
func TestUpstreams(t *testing.T) {
	for text, want := range map[string]string{
		"":   "",
		`[]`: "",
		`[{"id":3,"project":"acme/web","url":"https://k8s:6443","ca_file":"/ca.pem","token_file":"/token","access_as":"user"}]`: "",
		`{`: "must be JSON",
		`[{"id":3,"project":"a","url":"https://x"}] x`:                                        "must be one JSON value",
		`[{"id":3,"project":"a","url":"https://x","password":"y"}]`:                           "must be JSON",
		`[{"id":0,"project":"a","url":"https://x"}]`:                                          "positive number",
		`[{"id":1,"project":"a","url":"https://x"},{"id":1,"project":"b","url":"https://x"}]`: "cluster 2: each id",
		`[{"id":1,"url":"https://x"}]`:                                                        "project must be",
		`[{"id":1,"project":"a","url":"file:///etc"}]`:                                        "http or https",
		`[{"id":1,"project":"a","url":"https://u:p@x"}]`:                                      "without credentials",
		`[{"id":1,"project":"a","url":"https://x","token_file":"token"}]`:                     "full paths",
		`[{"id":1,"project":"a","url":"https://x","access_as":"root"}]`:                       "access_as",
	} {
		err := CheckSetting(SettingK8sUpstreams, text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("R191: %s: %v, want %q", text, err, want)
		}
	}
	for text, ok := range map[string]bool{"": true, `{"url":"https://ai/v1","key_file":"/k"}`: true, `{}`: false, `{"url":"ai"}`: false, `[]`: false} {
		if err := CheckSetting(SettingAIUpstream, text); (err == nil) != ok {
			t.Errorf("R191: %s: %v", text, err)
		}
	}
}
