package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func jlistCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "jlist",
		Short: "print all processes as JSON, for scripts",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var buf bytes.Buffer
			if err := c.withDaemon(cmd.Context(), c.inTime(c.jlist(&buf))); err != nil {
				return err
			}
			_, err := c.Stdout.Write(harmlessJSON(buf.Bytes()))
			return err
		},
	}
}

// jlist joins the elements of all replies to one array. They are passed on as
// the daemon wrote them, but for the name of the instance's number.
func (c *ctl) jlist(buf *bytes.Buffer) request {
	return func(ctx context.Context) error {
		buf.Reset()
		var reply struct {
			Processes []json.RawMessage `json:"processes"`
		}
		separator := "["
		err := c.client.Call(ctx, api.Interface+".Processes", api.ProcessesCall{}, true, func(raw json.RawMessage) error {
			if err := json.Unmarshal(raw, &reply); err != nil {
				return fmt.Errorf("read the list: %w", err)
			}
			for _, process := range reply.Processes {
				buf.WriteString(separator)
				buf.Write(withInstanceVar(process))
				separator = ","
			}
			return nil
		})
		if err != nil {
			return err
		}
		if separator == "[" {
			buf.WriteString("[")
		}
		buf.WriteString("]\n")
		return nil
	}
}

// withInstanceVar gives the instance's number the name that PM2 gives it: that
// of the variable in which the app finds it.
func withInstanceVar(process json.RawMessage) []byte {
	var p struct {
		Env struct {
			InstanceVar string `json:"instance_var"`
		} `json:"pm2_env"`
	}
	if json.Unmarshal(process, &p) != nil {
		return process
	}
	name, err := json.Marshal(p.Env.InstanceVar)
	if err != nil {
		return process
	}
	return bytes.Replace(process, []byte(`"instance_number"`), name, 1)
}
