package bench

import (
	"os"
	"testing"

	"patrol/git"
)

// Git starts this test binary as its hook.
func TestMain(m *testing.M) {
	git.RunHook()
	os.Exit(m.Run())
}
