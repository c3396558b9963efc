package git

import (
	"os"
	"testing"
)

// Git starts this test binary as its hook.
func TestMain(m *testing.M) {
	RunHook()
	os.Exit(m.Run())
}
