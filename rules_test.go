package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rules are the numbers of the rules of the domain, in their order. A row of a
// table without a number of its own is named by its table and first cell.
const rules = `
	R1 R2 R3 R4 R5 R6 R7 R8 R9 R10 R11
	R20 R21 R22 R23 R24 R25 R26 R27 R28 R29 R30 R31 R32 R33 R34 R35
	R40 R41 R42 R43 R44 R45 R46 R47 R48 R49 R50 R51 R52 R53 R54 R55 R56 R57 R58 R59
	R60 R60/api R60/read_api R60/read_registry R60/write_registry R60/read_repository R60/write_repository
	R60/create_runner R60/ai_features R60/k8s_proxy R60/self_rotate R60/read_user R61 R62 R63
	R64 R65 R66 R67 R68 R69 R70 R71 R72 R75 R76 R80 R81 R82 R83 R84
	R90 R91 R92 R93 R94 R95 R96 R97 R98 R99
	R100 R101 R102 R103 R104 R105 R106 R107 R108 R109 R110 R111 R112 R113 R114 R115
	R120 R121 R122 R123 R130 R131 R132
	R140 R141 R142 R143 R144 R145 R146
	R150 R151 R152 R153 R154
	R160 R161 R162 R163 R164
	R170 R171 R172 R173 R174
	R190 R190/instance_kind R190/host R190/personal_access_token_prefix R190/max_personal_access_token_lifetime
	R190/bot_retention_days R190/expired_bot_retention_days R190/require_personal_access_token_expiry
	R190/allow_token_in_query R190/container_registry_token_expire_delay R190/url
	R190/registry_service R190/registry_issuer R190/ai_upstream R190/k8s_upstreams R191`

// unbuilt are those that nothing holds yet. Whoever builds one takes it off.
const unbuilt = `R190/registry_service R190/registry_issuer`

var ruleNumber = regexp.MustCompile(`\bR[0-9]+(/[a-z0-9_]+)?\b`)

// Each rule is named by a test: by its comment, its messages, or the name of one
// of its cases.
func TestEveryRuleIsNamed(t *testing.T) {
	named := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == "rules_test.go" || !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, ".txtar") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, rule := range ruleNumber.FindAllString(string(text), -1) {
			table, _, _ := strings.Cut(rule, "/")
			named[rule], named[table] = true, true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for rule := range strings.FieldsSeq(rules) {
		switch waits := slices.Contains(strings.Fields(unbuilt), rule); {
		case !named[rule] && !waits:
			t.Errorf("no test names %s", rule)
		case named[rule] && waits:
			t.Errorf("%s is built: take it off the list of those that aren't", rule)
		}
	}
}
