package cli

import (
	"context"
	_ "embed" // the shells' parts of the scripts
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leadmaster/hub/pkg/api"
)

// The parts of the scripts that are the same for all commands. Each asks
// hubctl, by targetsWord, for what only the daemon knows.
var (
	//go:embed completion/hubctl.bash
	bashCompletion string
	//go:embed completion/hubctl.zsh
	zshCompletion string
	//go:embed completion/hubctl.fish
	fishCompletion string
)

// targetsWord is the command behind the completion of targets.
const targetsWord = "__targets"

func completionCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "completion <bash|zsh|fish>",
		Short: "print the script that completes commands, flags and names of apps",
		Long: `completion prints a script for a shell. Load it where the shell starts:

  bash   source <(hubctl completion bash)        in ~/.bashrc
  zsh    source <(hubctl completion zsh)         in ~/.zshrc, behind compinit
  fish   hubctl completion fish | source         in ~/.config/fish/config.fish`,
		Args: exactly("shell"),
		RunE: func(_ *cobra.Command, args []string) error {
			var script string
			switch args[0] {
			case "bash":
				script = shellCompletion(bashCompletion)
			case "zsh":
				script = shellCompletion(zshCompletion)
			case "fish":
				script = fishCompletion + fishLines()
			default:
				return hint(fmt.Errorf("found %q as the shell", args[0]), "want bash, zsh or fish")
			}
			_, err := fmt.Fprint(c.Stdout, script)
			return err
		},
	}
}

// targetsCommand prints what a target may be, for the completion scripts: it is
// asked at each press of a key, so it starts no daemon and says nothing else.
func targetsCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:    targetsWord,
		Hidden: true,
		Args:   noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), silence)
			defer cancel()
			rows, err := c.looker.List(ctx)
			if err != nil {
				if errors.Is(err, api.ErrNotRunning) || errors.Is(err, context.DeadlineExceeded) {
					return nil
				}
				return err
			}
			words := []string{"all"}
			for i := range rows {
				words = append(words, rows[i].Name, rows[i].Namespace)
			}
			// A name with a control character can't be typed.
			words = slices.DeleteFunc(words, func(w string) bool { return strings.ContainsFunc(w, unicode.IsControl) })
			slices.Sort(words)
			_, err = fmt.Fprintln(c.Stdout, strings.Join(slices.Compact(words), "\n"))
			return err
		},
	}
}

// completed is what the scripts know of a command.
type completed struct {
	names []string
	short string
	flags []string // with their dashes
	args  string   // what argumentsOf says
}

func completions() []completed {
	var all []completed
	for _, d := range definitions() {
		cmd := d.build(&ctl{})
		if cmd.Hidden {
			continue
		}
		one := completed{names: d.names, short: cmd.Short, args: argumentsOf(cmd.Name())}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				one.flags = append(one.flags, "--"+f.Name)
			}
		})
		all = append(all, one)
	}
	return all
}

// argumentsOf says what the arguments of a command are: any of target, file,
// signal and shell. The first word wins where they can't be mixed.
func argumentsOf(command string) string {
	switch command {
	case "start", "restart", "reload", "stop", "delete", "reset":
		return "target file"
	case "startOrRestart", "startOrReload", "validate", "update":
		return "file"
	case "sendSignal":
		return "signal target"
	case "completion":
		return "shell"
	case "describe", "id", "pid", "logs", "flush", "reloadLogs", "env", "send", "attach", "scale":
		return "target"
	}
	return "none"
}

// shellCompletion puts the commands into the script of bash or zsh, as the cases
// of a "case" statement.
func shellCompletion(script string) string {
	var words, cases strings.Builder
	for _, one := range completions() {
		for _, name := range one.names {
			words.WriteString(name + "\n")
		}
		fmt.Fprintf(&cases, "\t%s)\n\t\targuments='%s'\n\t\tflags='%s'\n\t\t;;\n",
			strings.Join(one.names, "|"), one.args, strings.Join(one.flags, "\n"))
	}
	return strings.NewReplacer("@commands@", strings.TrimSuffix(words.String(), "\n"), "\t@cases@\n", cases.String()).Replace(script)
}

// fishLines returns one line of fish's complete for each command and flag.
func fishLines() string {
	var b strings.Builder
	for _, one := range completions() {
		for _, name := range one.names {
			fmt.Fprintf(&b, "complete -c hubctl -n __hubctl_no_command -a %s -d %s\n", name, fishQuote(one.short))
		}
		seen := fishQuote("__hubctl_command_is " + strings.Join(one.names, " "))
		for _, flag := range one.flags {
			fmt.Fprintf(&b, "complete -c hubctl -n %s -l %s\n", seen, strings.TrimPrefix(flag, "--"))
		}
		if strings.Contains(one.args, "target") {
			fmt.Fprintf(&b, "complete -c hubctl -n %s -a '(hubctl %s 2>/dev/null)'\n", seen, targetsWord)
		}
		for kind, words := range map[string]string{"signal": "SIGHUP SIGINT SIGQUIT SIGUSR1 SIGUSR2 SIGTERM SIGKILL SIGCONT SIGSTOP", "shell": "bash zsh fish"} {
			if strings.Contains(one.args, kind) {
				fmt.Fprintf(&b, "complete -c hubctl -n %s -a '%s'\n", seen, words)
			}
		}
		if strings.Contains(one.args, "file") {
			fmt.Fprintf(&b, "complete -c hubctl -n %s -F\n", seen)
		}
	}
	return b.String()
}

func fishQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
