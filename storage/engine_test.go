package storage_test

import (
	"patrol/storage"
	"patrol/storage/storagetest"
)

func init() { storage.OpenForTests = storagetest.Open }
