package cli

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/settings"
)

func getCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "get [setting]",
		Short: "show a setting of the daemon, or all of them",
		Long: `get prints the value of a setting, or all settings as hubd.yaml would hold them.
It reads the file and needs no daemon.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return exactly("setting")(cmd, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			file, err := settings.Open(c.Home)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return c.allSettings(file)
			}
			key, err := settings.Lookup(args[0])
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			value, _ := file.Value(key.Name)
			_, err = fmt.Fprintln(c.Stdout, harmless(cmp.Or(value, key.Default), false))
			return err
		},
	}
}

// allSettings prints every setting as YAML, those that are not given as
// comments.
func (c *ctl) allSettings(file *settings.File) error {
	var buf []byte
	for _, k := range settings.Keys() {
		value, given := file.Value(k.Name)
		if given {
			buf = fmt.Appendf(buf, "%s: %s\n", k.Name, harmless(settings.Text(value), false))
		} else {
			buf = fmt.Appendf(buf, "# %s: %s\n", k.Name, k.Default)
		}
	}
	_, err := c.Stdout.Write(buf)
	return err
}
