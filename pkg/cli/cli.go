package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

// System is the world around one run of hubctl.
type System struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Env is the caller's environment, KEY=value. Apps and the daemon get it.
	Env []string
	// Dir is the folder that relative paths count from; the current one when
	// empty.
	Dir string
	// Home is the daemon's folder; api.Home() when empty.
	Home string
	// Hubd is the daemon's program; the hubd beside hubctl when empty.
	Hubd string

	silence time.Duration // instead of the constant
}

// getenv returns the value of a variable, or "".
func (s *System) getenv(name string) string {
	for _, entry := range s.Env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// ctl is one run of hubctl.
type ctl struct {
	System
	client *api.Client // starts a daemon where one has left its apps behind
	looker *api.Client // only looks whether a daemon answers

	adoption *sync.Once // says what is waited for

	as *syscall.Credential // whom the daemon is started as; nil: as we run

	// Flags that every command has.
	silent   bool
	noColour bool
	// Flags of the commands that print the table.
	mini bool
	sort order
}

// Main runs hubctl with the arguments after the program's name and returns the
// exit code.
func Main(ctx context.Context, args []string, sys System) int {
	c := &ctl{System: sys, adoption: new(sync.Once)}
	return c.exitCode(c.run(ctx, args))
}

func (c *ctl) run(ctx context.Context, args []string) error {
	if err := c.locate(); err != nil {
		return err
	}
	if len(args) == 0 {
		return c.usage(ctx)
	}
	switch args[0] {
	case "-v", "-V", "--version":
		_, err := fmt.Fprintln(c.Stdout, api.Version)
		return err
	}
	word, rest := c.findWord(args)
	if word == "" || needsTree(word) {
		return c.execute(ctx, c.tree(), args)
	}
	def := lookup(word)
	if def == nil {
		return c.unknown(ctx, word)
	}
	if def.rewrite != nil {
		rest = def.rewrite(rest)
	}
	cmd := def.build(c)
	cmd.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "hubctl " + cmd.Name()}
	return c.execute(ctx, cmd, rest)
}

// locate finds the daemon.
func (c *ctl) locate() (err error) {
	if c.Home == "" {
		if c.Home, err = api.Home(); err != nil {
			return err
		}
	}
	c.client = &api.Client{Home: c.Home, Absent: c.revive}
	c.looker = &api.Client{Home: c.Home}
	return nil
}

func (c *ctl) execute(ctx context.Context, cmd *cobra.Command, args []string) error {
	cmd.SetOut(c.Stdout)
	cmd.SetErr(c.Stderr)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	// A nil slice would make cobra read os.Args.
	cmd.SetArgs(append([]string{}, args...))
	return cmd.ExecuteContext(ctx)
}
