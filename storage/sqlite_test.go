package storage_test

import (
	"patrol/storage"
	"patrol/storage/sqlite"
)

// The tests inside the package can't import an engine, which imports the package.
func init() { storage.OpenForTests = sqlite.Open }
