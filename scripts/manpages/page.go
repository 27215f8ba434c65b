package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leadmaster/hub/pkg/api"
)

// pageName is the name of a command's page: that of its words.
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// page is the page of one command.
func page(cmd *cobra.Command, date string) string {
	var r roff
	head(&r, cmd, date)
	name, arguments, _ := strings.Cut(cmd.UseLine(), cmd.CommandPath())
	r.section("SYNOPSIS")
	r.line(bold(name+cmd.CommandPath()) + plain(arguments))
	r.section("DESCRIPTION")
	if long := cmd.Long; long != "" {
		r.text(long)
	} else {
		r.text(sentence(cmd.Short))
	}
	if len(cmd.Aliases) > 0 {
		r.section("ALIASES")
		r.line(plain(strings.Join(cmd.Aliases, ", ")))
	}
	r.section("OPTIONS")
	options(&r, cmd.Flags())
	r.section("SEE ALSO")
	r.line(bold("hubctl") + "(1), " + bold("hubd") + "(8)")
	return r.String()
}

// overview is the page of hubctl, which names all commands.
func overview(root *cobra.Command, date string) string {
	var r roff
	head(&r, root, date)
	r.section("SYNOPSIS")
	r.line(bold("hubctl") + plain(" <command> [argument…] [flags]"))
	r.section("DESCRIPTION")
	r.text(root.Long)
	r.section("COMMANDS")
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() {
			r.item(bold(pageName(cmd))+"(1)", plain(cmd.Short))
		}
	}
	r.section("EXIT STATUS")
	r.item("0", "Done.")
	r.item("1", "Something failed, also if it was one target of many.")
	r.item("130", "The command was interrupted while it waited. What it asked for goes on.")
	r.section("ENVIRONMENT")
	r.item(bold("HUB_HOME"), plain("The folder of the daemon and its apps, ~/.hub by default."))
	r.item(bold("NO_COLOR"), plain("No colours, if it is set and not empty."))
	r.section("SEE ALSO")
	r.line(bold("hubd") + "(8)")
	return r.String()
}

func head(r *roff, cmd *cobra.Command, date string) {
	r.title(pageName(cmd), "1", date, "hub "+api.Version)
	r.section("NAME")
	r.line(plain(pageName(cmd) + " - " + cmd.Short))
}

// options lists flags in the order in which help has them.
func options(r *roff, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		tag := bold("--" + f.Name)
		if f.Shorthand != "" {
			tag = bold("-"+f.Shorthand) + ", " + tag
		}
		kind, usage := pflag.UnquoteUsage(f)
		if kind != "" {
			tag += " " + italic(kind)
		}
		r.item(tag, plain(usage))
	})
}

// sentence gives a short text, which has neither, a capital and a full stop.
func sentence(short string) string {
	if !strings.HasSuffix(short, ".") {
		short += "."
	}
	return strings.ToUpper(short[:1]) + short[1:]
}
