package cli

import (
	"bytes"

	"github.com/spf13/cobra"
)

func prettylistCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "prettylist",
		Short: "print what jlist prints, in Node's notation",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var list bytes.Buffer
			if err := c.withDaemon(cmd.Context(), c.inTime(c.jlist(&list))); err != nil {
				return err
			}
			text, err := inspect(list.Bytes())
			if err != nil {
				return err
			}
			_, err = c.Stdout.Write([]byte(text + "\n"))
			return err
		},
	}
}
