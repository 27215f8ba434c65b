package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
)

// starter is one call of start (or of restart with files).
type starter struct {
	c   *ctl
	out *outcome
	set *pflag.FlagSet // the flags that were given

	spawns   bool   // where no daemon answers, one is started
	action   string // what is done with apps of the list
	existing string // what is done with apps of a file that run; empty: restart

	args      []string // of the program, behind "--"
	env       string   // name of the env_ sections
	only      []string
	namespace string
	force     bool
	updateEnv bool
	keepSpec  bool // the files of apps of the list are not looked at
	strict    bool
}

func startCommand(c *ctl) *cobra.Command {
	s := &starter{c: c, spawns: true, action: api.ActionStart}
	cmd := &cobra.Command{
		Use:   "start [target…] [-- argument…]",
		Short: "start an ecosystem file, a program, a script, or an app of the list",
		Long: `start takes an ecosystem file (.yaml, .yml, .json), a program, a script, a
command line in quotes, or the name, namespace or id of an app of the list.
Without a target it takes the ecosystem file of the current directory. Apps of
a file that run already are restarted with the file's values. An app of the list
that came from a file gets what the file says now.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if at := cmd.ArgsLenAtDash(); at >= 0 {
				args, s.args = args[:at], args[at:]
			}
			return s.run(cmd, args)
		},
	}
	addKeyFlags(cmd.Flags())
	s.addFlags(cmd.Flags())
	cmd.Flags().BoolVarP(&s.force, "force", "f", false, "start further instances of an app that runs")
	c.tableFlags(cmd.Flags())
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return hint(err, "see hubctl start --help; arguments of the program go behind --")
	})
	return cmd
}

// addFlags adds the flags that say how files are read.
func (s *starter) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&s.env, "env", "", "use the env_`name` sections of the file")
	flags.StringSliceVar(&s.only, "only", nil, "only these `apps` of the file, separated by commas")
	flags.BoolVarP(&s.updateEnv, "update-env", "a", false, "give known apps the environment of this shell")
	flags.BoolVar(&s.strict, "strict", false, "refuse files with unknown keys")
}

// prepare takes the flags after they were parsed.
func (s *starter) prepare(flags *pflag.FlagSet) {
	s.set = flags
	if f := flags.Lookup("namespace"); f != nil {
		s.namespace = f.Value.String()
	}
	s.only = splitNames(s.only)
	s.out = s.c.newOutcome(0)
}

// run starts all targets, one by one.
func (s *starter) run(cmd *cobra.Command, targets []string) error {
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	s.prepare(cmd.Flags())
	if len(targets) == 0 {
		file, err := s.c.defaultFile()
		if err != nil {
			return err
		}
		targets = []string{file}
	}
	for _, target := range targets {
		if err := s.out.fail(s.target(ctx, target)); err != nil {
			return err
		}
	}
	return s.out.finish(ctx)
}

// target starts what one argument means: a file, then what is in the list,
// then a program.
func (s *starter) target(ctx context.Context, target string) error {
	s.out.progress.clear()
	if isFile(target) {
		return s.file(ctx, target)
	}
	if mayBeListed(target) {
		if listed, err := s.onlyIfListed(ctx, target); listed || err != nil {
			return err
		}
		if isNumber(target) {
			return hint(fmt.Errorf("process %s not found", target), "hubctl list shows the ids")
		}
	}
	return s.program(ctx, target)
}

// mayBeListed tells whether an argument can mean an app of the list: it is no
// path and has no extension, or it is a pattern.
func mayBeListed(target string) bool {
	return isPattern(target) || !strings.Contains(target, "/") && filepath.Ext(target) == ""
}

// file starts the apps of an ecosystem file and restarts those that run.
func (s *starter) file(ctx context.Context, path string) error {
	err := s.refuse("file "+fileLabel(path), "write it into the file", "env", "only", "namespace", "update-env", "strict", "force")
	if err != nil {
		return err
	}
	o, err := s.options()
	if err != nil {
		return err
	}
	specs, err := s.c.resolve(path, s.strict, o)
	if err != nil {
		return err
	}
	existing := cmp.Or(s.existing, api.ExistingRestart)
	if s.force {
		existing = api.ExistingAdd
	}
	if len(specs) == 0 {
		s.c.warn("%s declares no app", fileLabel(path))
		return nil
	}
	return s.start(ctx, specs, existing)
}

// program starts a program, a script or a command line.
func (s *starter) program(ctx context.Context, target string) error {
	if err := s.filesOnly("env", "only", "strict"); err != nil {
		return err
	}
	o, err := s.options()
	if err != nil {
		return err
	}
	one, warnings, err := spec.FromCommand(o, target, s.args, keySettings(s.set))
	s.c.warnings(warnings)
	if err != nil {
		return err
	}
	existing := api.ExistingRefuse
	if s.force {
		existing = api.ExistingAdd
	}
	s.c.info("Starting %s in fork_mode (%s)", one.Script, plural(one.Instances, "instance"))
	return s.start(ctx, []spec.Spec{one}, existing)
}

func (s *starter) start(ctx context.Context, specs []spec.Spec, existing string) error {
	for i := range specs {
		s.out.progress.expect(specs[i].Instances)
	}
	in := api.StartCall{Specs: specs, Env: s.c.textEnv(), UpdateEnv: s.updateEnv, Existing: existing}
	call := s.c.answering(s.out.repeated(existing != api.ExistingAdd, func(ctx context.Context, since int64) error {
		in.Since = since
		return s.c.client.Start(ctx, in, s.out.each)
	}))
	if !s.spawns {
		return call(ctx)
	}
	return s.c.withDaemon(ctx, call)
}

func (s *starter) options() (spec.Options, error) {
	o, err := s.c.options()
	o.EnvName, o.Only, o.Namespace = s.env, s.only, s.namespace
	return o, err
}

// refuse rejects options that would have no effect on what is started.
func (s *starter) refuse(what, advice string, allowed ...string) error {
	allowed = append(allowed, "silent", "no-color", "mini-list", "sort")
	var err error
	s.set.Visit(func(f *pflag.Flag) {
		if err == nil && !slices.Contains(allowed, f.Name) {
			err = hint(fmt.Errorf("--%s has no effect on %s", f.Name, what), advice)
		}
	})
	if err == nil && len(s.args) > 0 {
		err = hint(fmt.Errorf("arguments behind -- have no effect on %s", what), advice)
	}
	return err
}

// filesOnly rejects options that are for files.
func (s *starter) filesOnly(names ...string) error {
	for _, name := range names {
		if s.set.Changed(name) {
			return hint(fmt.Errorf("--%s is for ecosystem files", name), "leave it out")
		}
	}
	return nil
}

// splitNames also takes PM2's form "a b".
func splitNames(names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, strings.Fields(name)...)
	}
	return out
}

// defaultFile is the ecosystem file of the current directory.
func (c *ctl) defaultFile() (string, error) {
	for _, name := range [...]string{
		"ecosystem.yaml", "ecosystem.yml", "ecosystem.json",
		"ecosystem.config.js", "ecosystem.config.cjs", "ecosystem.config.mjs",
	} {
		if _, err := os.Stat(filepath.Join(c.Dir, name)); err == nil {
			return name, nil
		}
	}
	return "", hint(errors.New("file ecosystem.yaml not found"), "name a file, a program or an app: hubctl start app.js")
}
