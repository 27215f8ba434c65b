package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// findWord finds the command's word, which options may precede, and returns it
// with the other arguments. The word is empty where there is none.
func (c *ctl) findWord(args []string) (word string, rest []string) {
	first := -1
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if strings.HasPrefix(arg, "-") {
			continue
		}
		if first < 0 {
			first = i
		}
		if i == 0 || c.firstArgument(args, i) {
			first = i
			break
		}
	}
	if first < 0 {
		return "", args
	}
	return args[first], slices.Delete(slices.Clone(args), first, first+1)
}

// firstArgument tells whether args[at] is a command whose own flags explain
// all that stands before it: in "--name list start a.js" the word is start,
// since list is a value.
func (c *ctl) firstArgument(args []string, at int) bool {
	def := lookup(args[at])
	if def == nil {
		return needsTree(args[at])
	}
	trial := *c
	flags := def.build(&trial).Flags()
	if flags.Parse(args[:at+1]) != nil {
		return false
	}
	return slices.Equal(flags.Args(), args[at:at+1])
}

// joinExitCodes makes one value of the numbers after --stop-exit-codes, which
// PM2 documents as a list although it takes the second for a target.
func joinExitCodes(args []string) []string {
	const flag = "--stop-exit-codes"
	var out []string
	for i := 0; i < len(args); i++ {
		out = append(out, args[i])
		if args[i] == "--" {
			return append(out, args[i+1:]...)
		}
		if args[i] != flag {
			continue
		}
		var codes []string
		for i+1 < len(args) && isNumber(strings.TrimRight(args[i+1], ",")) {
			i++
			codes = append(codes, strings.TrimRight(args[i], ","))
		}
		if codes != nil {
			out = append(out, strings.Join(codes, ","))
		}
	}
	return out
}

// joinTimestamp makes one word of --timestamp and a format behind it. Anything
// else there is a target: the flag needs no value.
func joinTimestamp(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return append(out, args[i:]...)
		}
		if args[i] == "--timestamp" && i+1 < len(args) && isDateFormat(args[i+1]) {
			out = append(out, args[i]+"="+args[i+1])
			i++
			continue
		}
		out = append(out, args[i])
	}
	return out
}

// isDateFormat reports whether text holds a token of two letters, as formats do.
func isDateFormat(text string) bool {
	return slices.ContainsFunc([]string{"YY", "MM", "DD", "HH", "hh", "mm", "ss", "SSS"}, func(token string) bool {
		return strings.Contains(text, token)
	}) && !strings.HasPrefix(text, "-")
}

func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// noArguments is for commands where an argument would be a mistake about what
// they do.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return hint(fmt.Errorf("unknown command argument: %s", args[0]),
			fmt.Sprintf("%s takes none; see hubctl %s --help", cmd.Name(), cmd.Name()))
	}
	return nil
}

// needs returns a check that there are at least n arguments, called what.
func needs(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < n {
			return fmt.Errorf("missing required argument `%s'", what)
		}
		return nil
	}
}

// needsEach returns a check that there is an argument for each name at least.
func needsEach(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return fmt.Errorf("missing required argument `%s'", names[len(args)])
		}
		return nil
	}
}

// exactly returns a check that there is one argument for each name.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > len(names) {
			return hint(fmt.Errorf("unknown command argument: %s", args[len(names)]),
				cmd.Name()+" takes one "+strings.Join(names, " and one "))
		}
		return needsEach(names...)(cmd, args)
	}
}
