// Central-hub is the service behind the Leadmaster frontend. Started without
// arguments it serves HTTP on PORT until SIGTERM or SIGINT; "central-hub admin create"
// makes a user who may log in as administrator. README.md tells the variables, the log
// lines and the limits.
package main

import (
	"fmt"
	"os"

	"github.com/leadmaster/hub/apps/central-hub/internal/config"
	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/pkg/ready"
)

func main() {
	os.Exit(run(os.Args[1:], console.New(os.Stdout, os.Stderr)))
}

// usage is one line, as each of the hub's messages.
const usage = "usage: central-hub, or central-hub admin create --usuario NAME [--cliente-id N] (variables come from the environment or from .env)"

// run returns the exit code: 0 after a clean close, 1 when the hub could not
// start or had to force its end, 2 for arguments it does not know.
func run(args []string, out *console.Console) int {
	switch {
	case len(args) == 0:
		return start(out)
	case args[0] == "admin":
		return runAdmin(args[1:], os.Stdin, os.Stdout, os.Stderr, os.LookupEnv)
	}
	fmt.Fprintln(os.Stderr, usage)
	return 2
}

func start(out *console.Console) int {
	// First, before anything else is open.
	passed, err := ready.Listeners()
	if err != nil {
		out.Exception(err, nil)
		return 1
	}
	cfg, err := config.Load(".env", os.LookupEnv)
	if err != nil {
		out.Exception(err, nil)
		return 1
	}
	return serve(cfg, out, passed)
}
