package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func restartCommand(c *ctl) *cobra.Command {
	s := &starter{c: c, action: api.ActionRestart}
	cmd := &cobra.Command{
		Use:   "restart <target…>",
		Short: "stop and start apps, or start what is down",
		Long: `restart stops and starts apps. An app that came from a file gets what the file
says now, and the keys that have changed are printed. With a file it does what
start does.

` + targetHelp,
		Args: needs(1, "target"),
	}
	s.onTargets(cmd)
	return cmd
}

// onTargets makes cmd do the starter's action with files and apps of the list.
func (s *starter) onTargets(cmd *cobra.Command) {
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, stop := interruptible(cmd.Context())
		defer stop()
		s.prepare(cmd.Flags())
		if err := s.restart(ctx, args); err != nil {
			return err
		}
		return s.out.finish(ctx)
	}
	s.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&s.keepSpec, "keep-spec", false, "do not look at the file that an app came from")
	s.c.tableFlags(cmd.Flags())
}

// restart works on the files one by one and on all other targets at once.
func (s *starter) restart(ctx context.Context, args []string) error {
	var files, targets []string
	for _, arg := range args {
		if isFile(arg) {
			files = append(files, arg)
		} else {
			targets = append(targets, arg)
		}
	}
	if len(targets) > 0 {
		if err := s.refuse("apps of the list", "it is for ecosystem files", "update-env", "env", "keep-spec"); err != nil {
			return err
		}
		if s.keepSpec && s.env != "" {
			return hint(errors.New("--env has no effect beside --keep-spec"), "leave out one of the two")
		}
	}
	for _, file := range files {
		if err := s.out.fail(s.file(ctx, file)); err != nil {
			return err
		}
	}
	return s.onListed(ctx, targets)
}
