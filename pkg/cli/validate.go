package cli

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/settings"
)

func validateCommand(c *ctl) *cobra.Command {
	var env string
	cmd := &cobra.Command{
		Use:   "validate <file…>",
		Short: "check ecosystem files, or hubd.yaml, without starting anything",
		Long: `validate reads ecosystem files as start does and reports all that is wrong with
them. Unknown keys are errors. A file named hubd.yaml holds the daemon's settings
and is checked as such.`,
		Args: needs(1, "file"),
		RunE: func(_ *cobra.Command, args []string) error {
			var failed error
			for _, path := range args {
				if err := c.validate(path, env); err != nil {
					c.printError(err)
					failed = errReported
				}
			}
			return failed
		},
	}
	cmd.Flags().StringVar(&env, "env", "", "use the env_`name` sections of the file")
	return cmd
}

// validate checks one file. Unlike start it needs no daemon and goes on after
// unknown keys, so that all problems are told at once.
func (c *ctl) validate(path, env string) error {
	if filepath.Base(path) == settings.Name {
		return c.validateSettings(path)
	}
	file, err := c.load(path)
	if err != nil {
		return err
	}
	o, err := c.options()
	if err != nil {
		return err
	}
	o.EnvName = env
	specs, warnings, err := file.Resolve(o)
	strict := file.Strict()
	if strict == nil {
		c.warnings(warnings)
	}
	if err := errors.Join(strict, err); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Stdout, "%s: ok, %s\n", harmless(path, false), plural(len(specs), "app"))
	return err
}

// validateSettings checks a hubd.yaml, the home's or one that is to become it.
func (c *ctl) validateSettings(path string) error {
	file, err := settings.Read(c.absolute(path))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Stdout, "%s: ok, %s\n", harmless(path, false), plural(file.Count(), "setting"))
	return err
}
