package cli

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func envCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "env <target>",
		Short: "show the environment that an instance was launched with",
		Long: `env prints the environment of one instance, a variable a line, sorted. It is the
only command that shows these values, which may be secrets. Control characters
in them are made visible: a line break is ^J.`,
		Args: exactly("target"),
		RunE: func(cmd *cobra.Command, args []string) error {
			row, err := c.oneInstance(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			var reply api.EnvReply
			err = c.inTime(func(ctx context.Context) (err error) {
				reply, err = c.client.Env(ctx, strconv.Itoa(row.ID))
				return err
			})(cmd.Context())
			if err != nil {
				return err
			}
			var buf []byte
			for _, name := range slices.Sorted(maps.Keys(reply.Env)) {
				buf = append(buf, harmless(name+": "+reply.Env[name], false)+"\n"...)
			}
			_, err = c.Stdout.Write(buf)
			return err
		},
	}
}
