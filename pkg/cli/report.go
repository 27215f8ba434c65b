package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/api"
)

// reportLines is how much of the daemon's log a report shows, as PM2's does.
const reportLines = 20

// reportWidth is how wide the lines between the parts of a report are.
const reportWidth = 79

func reportCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "report",
		Short: "print what a bug report needs: versions, the machine, the list, the daemon's log",
		Long: `report prints versions, figures of the machine, the list of apps, processes that
apps have left behind and that fit none, and the last lines of the daemon's log, to
be put into a bug report. It shows no values of environment variables; look at names and paths before you publish it.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r := report{c: c, now: time.Now()}
			if err := c.inTime(r.ask)(cmd.Context()); err != nil {
				return err
			}
			_, err := c.Stdout.Write(r.text())
			return err
		},
	}
}

// report is what the daemon has said.
type report struct {
	c      *ctl
	now    time.Time
	hubd   api.DaemonReply
	rows   []api.Row
	host   *api.Host
	strays []api.Stray
	log    []string
	buf    []byte
}

func (r *report) ask(ctx context.Context) (err error) {
	if r.hubd, err = r.c.client.Daemon(ctx); err != nil {
		return err
	}
	all, err := r.c.client.ListHost(ctx)
	if err != nil {
		return err
	}
	r.rows, r.host = all.Rows, all.Host
	var e *api.Error
	if r.strays, err = r.c.client.Strays(ctx); err != nil && !errors.As(err, &e) { // an older daemon has none to tell
		return err
	}
	r.log = nil
	lines := reportLines
	in := api.LogsCall{Targets: []string{api.TargetHubd}, Lines: &lines}
	return r.c.client.Logs(ctx, in, func(reply *api.LogsReply) error {
		for i := range reply.Lines {
			r.log = append(r.log, string(reply.Lines[i].Bytes()))
		}
		return nil
	})
}

func (r *report) text() []byte {
	r.part("hub report")
	r.field("Date", r.now.Format(time.RFC1123Z))
	r.part("Daemon")
	r.field("hubd version", r.hubd.Version)
	r.field("state", r.hubd.State)
	r.field("pid", fmt.Sprint(r.hubd.PID))
	r.field("keeper pid", fmt.Sprint(r.hubd.Keeper))
	if r.hubd.Unsaved != "" {
		r.field("not saved", r.hubd.Unsaved)
	}
	r.field("user", r.hubd.User)
	r.field("uptime", spanText(max(0, r.now.UnixMilli()-r.hubd.Started)))
	r.field("instances", fmt.Sprint(r.hubd.Instances))
	r.field("HUB_HOME", r.hubd.Home)
	r.part("CLI")
	r.field("hubctl version", api.Version)
	r.field("go version", runtime.Version())
	r.field("user", username())
	r.field("uid, gid", fmt.Sprintf("%d, %d", os.Getuid(), os.Getgid()))
	r.machine()
	r.part("hub list")
	r.buf = appendTable(r.buf, r.rows, terminal{})
	r.orphans()
	r.part("Daemon log, last " + plural(len(r.log), "line"))
	for _, line := range r.log {
		r.line(line)
	}
	return r.buf
}

func (r *report) machine() {
	r.part("System")
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		r.field("kernel", unix.ByteSliceToString(u.Sysname[:])+" "+unix.ByteSliceToString(u.Release[:]))
	}
	r.field("architecture", runtime.GOARCH)
	r.field("cpus", fmt.Sprint(runtime.NumCPU()))
	if r.host == nil {
		return
	}
	r.field("memory", sizeText(r.host.MemoryUsed)+" of "+sizeText(r.host.MemoryTotal)+" used")
	r.field("cpu", fmt.Sprintf("%.1f%%", r.host.CPU))
	if len(r.host.Load) == 3 {
		r.field("load", fmt.Sprintf("%.2f %.2f %.2f", r.host.Load[0], r.host.Load[1], r.host.Load[2]))
	}
}

// orphans shows what a user may want to end, and hub does not.
func (r *report) orphans() {
	if len(r.strays) == 0 {
		return
	}
	r.part("Processes of no app")
	for _, s := range r.strays {
		r.field(fmt.Sprint("pid ", s.PID), s.Command+", for "+spanText(max(0, r.now.UnixMilli()-s.Started)))
	}
}

// part begins a part of the report.
func (r *report) part(title string) {
	if len(r.buf) > 0 {
		r.line(strings.Repeat("=", reportWidth))
	}
	head := "--- " + title + " "
	r.line(head + strings.Repeat("-", max(0, reportWidth-len(head))))
}

func (r *report) field(name, value string) { r.line(fmt.Sprintf("%-21s: %s", name, value)) }

func (r *report) line(text string) { r.buf = append(r.buf, harmless(text, false)+"\n"...) }
