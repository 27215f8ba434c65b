package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// definition says how a command is called and built.
type definition struct {
	names []string // the word, then its aliases
	make  func(*ctl) *cobra.Command
	// rewrite changes the arguments before flags are parsed.
	rewrite func([]string) []string
}

// definitions lists the commands in the order of the help text.
func definitions() []definition {
	return []definition{
		{names: []string{"start"}, make: startCommand, rewrite: joinExitCodes},
		{names: []string{"restart"}, make: restartCommand},
		{names: []string{"reload", "gracefulReload"}, make: reloadCommand},
		{names: []string{"startOrRestart"}, make: startOrRestartCommand},
		{names: []string{"startOrReload", "startOrGracefulReload"}, make: startOrReloadCommand},
		{names: []string{"scale"}, make: scaleCommand, rewrite: negativeLast},
		{names: []string{"stop"}, make: stopCommand},
		{names: []string{"delete", "del"}, make: deleteCommand},
		{names: []string{"reset"}, make: resetCommand},
		{names: []string{"list", "ls", "l", "ps", "status"}, make: listCommand},
		{names: []string{"describe", "desc", "info", "show"}, make: describeCommand},
		{names: []string{"jlist"}, make: jlistCommand},
		{names: []string{"prettylist"}, make: prettylistCommand},
		{names: []string{"id"}, make: idCommand},
		{names: []string{"pid"}, make: pidCommand},
		{names: []string{"env"}, make: envCommand},
		{names: []string{"sendSignal"}, make: sendSignalCommand},
		{names: []string{"send"}, make: sendCommand},
		{names: []string{"attach"}, make: attachCommand},
		{names: []string{"logs", "log"}, make: logsCommand, rewrite: joinTimestamp},
		{names: []string{"flush"}, make: flushCommand},
		{names: []string{"reloadLogs"}, make: reloadLogsCommand},
		{names: []string{"save", "dump"}, make: saveCommand},
		{names: []string{"resurrect"}, make: resurrectCommand},
		{names: []string{"startup"}, make: startupCommand, rewrite: pm2User},
		{names: []string{"unstartup"}, make: unstartupCommand, rewrite: pm2User},
		{names: []string{"ping"}, make: pingCommand},
		{names: []string{"kill"}, make: killCommand},
		{names: []string{"update"}, make: updateCommand},
		{names: []string{"report"}, make: reportCommand},
		{names: []string{"validate"}, make: validateCommand},
		{names: []string{"get"}, make: getCommand},
		{names: []string{"set"}, make: setCommand, rewrite: negativeLast},
		{names: []string{"unset"}, make: unsetCommand},
		{names: []string{"api"}, make: apiCommand},
		{names: []string{"version"}, make: versionCommand},
		{names: []string{"completion"}, make: completionCommand},
		{names: []string{unitStopWord}, make: unitStopCommand},
		{names: []string{unitStoppedWord}, make: unitStoppedCommand},
		{names: []string{targetsWord}, make: targetsCommand},
	}
}

// lookup returns the command that a word or alias means, or nil.
func lookup(word string) *definition {
	for _, d := range definitions() {
		if slices.Contains(d.names, word) {
			return &d
		}
	}
	return nil
}

// build makes the command with its own flags and those that all have.
func (d *definition) build(c *ctl) *cobra.Command {
	cmd := d.make(c)
	cmd.Aliases = d.names[1:]
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVarP(&c.silent, "silent", "s", false, "print data and errors only")
	flags.BoolVar(&c.noColour, "no-color", false, "no colours (as NO_COLOR in the environment)")
	return cmd
}

// tableFlags adds the flags of commands that print the process table.
func (c *ctl) tableFlags(flags *pflag.FlagSet) {
	flags.BoolVarP(&c.mini, "mini-list", "m", false, "a plain list instead of the table")
	c.sort = "name"
	flags.Var(&c.sort, "sort", "order of the table: name, namespace, pid, id, cpu, memory, uptime or status, with :asc or :desc")
}

// needsTree tells the words that cobra itself answers from the whole tree.
func needsTree(word string) bool {
	switch word {
	case "help", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
		return true
	}
	return false
}

// Commands returns hubctl with all its commands, to be written about: it has no
// daemon and is not to be run.
func Commands() *cobra.Command { return new(ctl).tree() }

// tree builds all commands.
func (c *ctl) tree() *cobra.Command {
	root := &cobra.Command{
		Use:   "hubctl",
		Short: "keep programs running on this machine",
		Long:  "hubctl starts, stops and watches programs that hubd, its daemon, keeps running.",
	}
	root.CompletionOptions.DisableDefaultCmd = true
	for _, d := range definitions() {
		root.AddCommand(d.build(c))
	}
	return root
}

// usage prints the list of commands on stdout. It returns errReported, since
// nothing was done.
func (c *ctl) usage(ctx context.Context) error {
	if err := c.execute(ctx, c.tree(), []string{"--help"}); err != nil {
		return err
	}
	return errReported
}

// unknown answers a word that is no command.
func (c *ctl) unknown(ctx context.Context, word string) error {
	err := fmt.Errorf("unknown command %q", word)
	root := c.tree()
	root.SuggestionsMinimumDistance = 2
	if near := root.SuggestionsFor(word); len(near) > 0 {
		err = hint(err, "did you mean "+strings.Join(near, " or ")+"?")
	}
	c.printError(err)
	return c.usage(ctx)
}
