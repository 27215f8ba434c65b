package daemon

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/leadmaster/hub/pkg/supervise"
)

const (
	// announcePause is how long events are gathered until systemd is told: a crash
	// loop is not to keep it busy.
	announcePause = time.Second
	// maxNamed is how many apps that are down a status line names.
	maxNamed = 3
)

// announce keeps systemd's status line true: what systemctl status shows.
func (d *Daemon) announce(ctx context.Context) {
	if d.unit.get().Socket == "" {
		return
	}
	told := ""
	for ctx.Err() == nil {
		events := d.sup.Subscribe()
		for open := true; open; {
			if line := d.statusLine(); line != told && !d.sup.Ending() {
				told = line
				d.tellUnit("STATUS=" + line)
			}
			open = d.awaitNews(ctx, events)
		}
		events.Close()
	}
}

// awaitNews waits for an event, or another problem, and then until what comes with it
// is there. It returns false when no more will come.
func (d *Daemon) awaitNews(ctx context.Context, events *supervise.Subscription) bool {
	select {
	case _, ok := <-events.C:
		if !ok {
			return false
		}
	case <-d.news:
	case <-ctx.Done():
		return false
	}
	pause := time.NewTimer(announcePause)
	defer pause.Stop()
	for {
		select {
		case _, ok := <-events.C:
			if !ok {
				return false
			}
		case <-pause.C:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// statusLine says in one line how the apps are, failures by name.
func (d *Daemon) statusLine() string {
	wanted, online := 0, 0
	var failed []string
	for _, i := range d.sup.Instances() {
		st := i.Status()
		if st.Want == supervise.Up || st.State == supervise.Errored {
			wanted++
		}
		switch st.State {
		case supervise.Online:
			online++
		case supervise.Errored:
			failed = append(failed, fmt.Sprintf("%s (id %d): %s", st.Spec.Name, st.ID, st.LastEnd))
		}
	}
	line := fmt.Sprintf("%d of %d online", online, wanted)
	if len(failed) > 0 {
		line += "; errored: " + named(failed)
	}
	if troubles := d.troubles(); len(troubles) > 0 {
		line += "; " + named(troubles)
	}
	return oneLine(line)
}

// troubles are what is wrong and stands in no row of the list.
func (d *Daemon) troubles() []string {
	all := d.problems.list()
	if unsaved := d.sup.Unsaved(); unsaved != "" {
		all = append(all, unsaved)
	}
	return all
}

// named is a list of at most maxNamed.
func named(list []string) string {
	slices.Sort(list)
	if rest := len(list) - maxNamed; rest > 0 {
		list = append(list[:maxNamed:maxNamed], fmt.Sprintf("and %d more", rest))
	}
	return strings.Join(list, "; ")
}

// maxStatus is the length of a status line in bytes; systemctl status cuts it at
// the width of the terminal.
const maxStatus = 512

// oneLine makes text fit for STATUS= of sd_notify(3).
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxStatus {
		text = strings.ToValidUTF8(text[:maxStatus], "") + "…"
	}
	return text
}
