// Command man writes Patrol's man pages into a folder: one for the program and
// one for each command. It is a module of its own, so that what makes man pages
// isn't in the product's go.mod.
package main

import (
	"log"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra/doc"

	"patrol/cli"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: man FOLDER SECONDS-SINCE-1970")
	}
	seconds, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	date := time.Unix(seconds, 0).UTC() // the commit's, so that the same source makes the same pages
	root := cli.Root()
	root.DisableAutoGenTag = true
	if err := doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "Patrol", Manual: "Patrol", Date: &date}, os.Args[1]); err != nil {
		log.Fatal(err)
	}
}
