// Command patrol runs a Git server's access tokens: it makes them, watches
// them, and decides at every door what each may do.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"patrol/cli"
	"patrol/git"
)

func main() {
	git.RunHook()
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	return cli.Run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
}
