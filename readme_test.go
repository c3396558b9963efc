package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"patrol/model"
)

var blankRows = regexp.MustCompile(`\n{2,}`)

// docs/filter.md has the grammar as the console and the command have it.
func TestFilterDocument(t *testing.T) {
	document, err := os.ReadFile("docs/filter.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range model.FilterHelp() {
		if row := "| `" + f.Form + "` | " + f.Means + " |\n"; !strings.Contains(string(document), row) {
			t.Errorf("docs/filter.md lacks %s", row)
		}
	}
}

// The README's pictures of the console are its golden screens, without the blank
// rows in them.
func TestReadmePictures(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"full/now-80x24", "full/place-80x24", "full/new-token-80x24", "job/80x24-secret"} {
		screen, err := os.ReadFile("ui/testdata/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		picture := "```\n" + strings.Trim(blankRows.ReplaceAllString(string(screen), "\n"), "\n") + "\n```\n"
		if !strings.Contains(string(readme), picture) {
			t.Errorf("README.md doesn't show %s as it is:\n%s", name, picture)
		}
	}
}
