package model

import (
	"slices"
	"testing"
)

// R60's rows in their own words, one scope at a time: what each opens beside
// what any scope does (R61).
func TestScopeRows(t *testing.T) {
	for row, opens := range map[string][]Access{
		"R60/api": {RESTRead, RESTFiles, RESTWrite, RESTUser, PackageDownload, PackagePublish, GitFetch, GitPush,
			RegistryPull, RegistryPush, RegistryDelete, RunnerCreation, AIGateway, SelfRotation}, // not the Kubernetes gateway
		"R60/read_api":         {RESTRead, RESTFiles, RESTUser, PackageDownload, GitFetch, RegistryPull},
		"R60/read_registry":    {RegistryPull},
		"R60/write_registry":   {RegistryPush}, // "only; to push images one needs both" (R62)
		"R60/read_repository":  {GitFetch, RESTFiles},
		"R60/write_repository": {GitFetch, GitPush},
		"R60/create_runner":    {RunnerCreation},
		"R60/ai_features":      {AIGateway},
		"R60/k8s_proxy":        {KubernetesGateway},
		"R60/self_rotate":      {SelfRotation},
		"R60/read_user":        {RESTUser},
	} {
		t.Run(row, func(t *testing.T) {
			scope := Scope(row[len("R60/"):])
			if !PersonalScopes.Has(scope) || BotScopes.Has(scope) == (scope == ScopeReadUser) {
				t.Errorf("%s is among the wrong tokens' scopes", scope)
			}
			for _, door := range doors {
				want := door == SelfAccess || slices.Contains(opens, door)
				if got := (Scopes{scope}).Opens(door); got != want {
					t.Errorf("%s opens %s: %v", scope, door, got)
				}
			}
		})
	}
}
