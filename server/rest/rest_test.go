package rest

import (
	"testing"

	"patrol/model"
)

// Every endpoint of the contract has a handler, and no handler is without one:
// attach would panic.
func TestEndpoints(t *testing.T) {
	if got := len(attach(handlers)); got != len(model.Endpoints) {
		t.Errorf("%d handlers for %d endpoints", got, len(model.Endpoints))
	}
	for _, broken := range []map[string]handler{{}, {"GET /nowhere": version}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a missing handler went unnoticed")
				}
			}()
			attach(broken)
		}()
	}
}
