package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func restartCommand(c *ctl) *cobra.Command {
	s := &starter{c: c, action: api.ActionRestart}
	cmd := &cobra.Command{
		Use:   "restart <target…>",
		Short: "stop and start apps, or start what is down",
		Long:  "restart stops and starts apps. With a file it does what start does.\n\n" + targetHelp,
		Args:  needs(1, "target"),
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
	s.c.tableFlags(cmd.Flags())
}

// restart works on the files one by one and on all other targets at once.
func (s *starter) restart(ctx context.Context, args []string) error {
	in := api.ActCall{Action: s.action, UpdateEnv: s.updateEnv}
	if s.updateEnv {
		in.Env = s.c.textEnv()
	}
	var files []string
	for _, arg := range args {
		if isFile(arg) {
			files = append(files, arg)
		} else {
			in.Targets = append(in.Targets, arg)
		}
	}
	if len(in.Targets) > 0 {
		if err := s.refuse("apps of the list", "it is for ecosystem files", "update-env"); err != nil {
			return err
		}
	}
	for _, file := range files {
		if err := s.out.fail(s.file(ctx, file)); err != nil {
			return err
		}
	}
	return s.c.act(ctx, in, s.out)
}
