package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func scaleCommand(c *ctl) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scale <name> <count>",
		Short: "change the number of an app's instances, to 4, by +2 or by -1",
		Long: `scale starts or deletes instances of an app until there are as many as asked for.
A count with a sign is added to the number that there is.

` + targetHelp,
		Args: exactly("name", "count"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !isNumber(strings.TrimLeft(args[1], "+-")) {
				return hint(fmt.Errorf("found %q as the count", args[1]), "want a number such as 4, or +2 or -1 for more or fewer")
			}
			return c.actOn(cmd, api.ActCall{Action: api.ActionScale, Targets: args[:1], Count: args[1]})
		},
	}
	c.tableFlags(cmd.Flags())
	return cmd
}

// negativeLast moves a negative number behind "--", so that it is no flag.
func negativeLast(args []string) []string {
	if slices.Contains(args, "--") {
		return args
	}
	at := slices.IndexFunc(args, func(arg string) bool {
		digits, ok := strings.CutPrefix(arg, "-")
		return ok && isNumber(digits)
	})
	if at < 0 {
		return args
	}
	return append(slices.Delete(slices.Clone(args), at, at+1), "--", args[at])
}
