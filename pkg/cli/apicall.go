package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func apiCommand(c *ctl) *cobra.Command {
	var more bool
	cmd := &cobra.Command{
		Use:   "api <method> [json]",
		Short: "call a method of the daemon and print its replies as JSON lines",
		Long: `api calls a method of the daemon's Varlink interface and prints each reply as a
line of JSON. A method without a dot is one of ` + api.Interface + `.`,
		Args: needs(1, "method"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			method := args[0]
			if !strings.Contains(method, ".") {
				method = api.Interface + "." + method
			}
			parameters := json.RawMessage("{}")
			if len(args) > 1 {
				parameters = json.RawMessage(args[1])
				if !json.Valid(parameters) {
					return hint(errors.New("the parameters are not JSON"), `write an object, such as '{"targets":["all"]}'`)
				}
			}
			return c.watched(ctx, 0, func(ctx context.Context, answered func()) error {
				return c.client.Call(ctx, method, parameters, more, func(reply json.RawMessage) error {
					answered()
					_, err := fmt.Fprintf(c.Stdout, "%s\n", harmlessJSON(reply))
					return err
				})
			})
		},
	}
	cmd.Flags().BoolVar(&more, "more", false, "ask for a stream of replies")
	return cmd
}
