// Command hubctl is the command line of hub, a process manager.
package main

import (
	"context"
	"os"

	"github.com/leadmaster/hub/pkg/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:], cli.System{
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Env:    os.Environ(),
	}))
}
