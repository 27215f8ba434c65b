package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/leadmaster/hub/pkg/api"
)

// describedLabel is what the longest label and the borders take of a line.
const describedLabel = len("max memory restart") + 7

// appendProcess writes the description of one instance.
func appendProcess(buf []byte, p *api.Process, term terminal) []byte {
	title := fmt.Sprintf(" Describing process with id %d - name %s ", p.PMID, harmless(p.Name, false))
	buf = append(buf, term.paint(bold, title)+"\n"...)
	t := &table{heads: make([]cell, 2)}
	for _, row := range describedRows(p, time.Now()) {
		label := row[0]
		// Values are broken and not cut: describe is where all is told.
		for _, part := range fold(harmless(row[1], false), term.width-describedLabel) {
			value := cell{part, plain}
			if label == "status" {
				value.col = statusColour(p.PM2Env.Status)
			}
			t.cells = append(t.cells, cell{label, accent}, value)
			label = ""
		}
	}
	buf = t.append(buf, t.widths(), term)
	if p.Hub != nil && len(p.Hub.Events) > 0 {
		buf = append(buf, term.paint(bold, " Recent events ")+"\n"...)
		buf = appendEvents(buf, p.Hub.Events)
	}
	return buf
}

// describedRows returns PM2's rows in PM2's order, with ours behind those they
// belong to.
func describedRows(p *api.Process, now time.Time) [][2]string {
	e := &p.PM2Env
	hub := p.Hub
	if hub == nil {
		hub = &api.Detail{}
	}
	rows := [][2]string{
		{"status", statusText(p, hub)},
		{"name", e.Name},
		{"namespace", orNA(e.Namespace)},
		{"version", orNA(e.Version)},
		{"restarts", strconv.Itoa(e.RestartTime)},
	}
	if e.MaxMemory > 0 {
		rows = append(rows, [2]string{"max memory restart", sizeText(int64(e.MaxMemory))})
	}
	rows = append(rows, [][2]string{
		{"memory", sizeText(p.Monit.Memory) + " now, " + sizeText(hub.MemoryPeak) + " peak"},
		{"cpu", percentText(p.Monit.CPU)},
		{"uptime", uptimeText(e, now)},
		{"ready", readyText(e, hub)},
		{"pid", pidText(p.PID)},
		{"tree", treeText(hub.Tree)},
		{"want", orNA(hub.Want)},
		{"last exit", orNA(hub.LastExit)},
		{"script path", orNA(e.ExecPath)},
		{"script args", orNA(strings.Join(e.Args, " "))},
		{"error log path", orNA(e.ErrLogPath)},
		{"out log path", orNA(e.OutLogPath)},
		{"pid path", orNA(e.PidPath)},
		{"interpreter", orNA(e.Interpreter)},
		{"interpreter args", orNA(strings.Join(e.NodeArgs, " "))},
		{"script id", strconv.Itoa(p.PMID)},
		{"exec cwd", orNA(e.Cwd)},
		{"exec mode", orNA(e.ExecMode)},
		{"watch & reload", mark(e.Watch)},
		{"unstable restarts", strconv.Itoa(e.UnstableRestarts)},
		{"created at", isoText(e.CreatedAt)},
		{"ecosystem file", orNA(hub.File)},
	}...)
	if e.LogPath != "" {
		rows = append(rows, [2]string{"entire log path", e.LogPath})
	}
	if len(e.Listen) > 0 {
		rows = append(rows, [2]string{"listens on", strings.Join(e.Listen, " ")})
	}
	if hub.AppStatus != "" {
		rows = append(rows, [2]string{"app status", hub.AppStatus})
	}
	return rows
}

func statusText(p *api.Process, hub *api.Detail) string {
	if hub.NotReady {
		return p.PM2Env.Status + " (not ready)"
	}
	return p.PM2Env.Status
}

func readyText(e *api.PM2Env, hub *api.Detail) string {
	switch {
	case !e.WaitReady:
		return "not waited for"
	case hub.NotReady:
		return "no: it did not say so within " + strconv.FormatInt(e.ListenTimeout.Std().Milliseconds(), 10) + " ms"
	case e.Status == api.StatusOnline:
		return "yes"
	}
	return "no"
}

func uptimeText(e *api.PM2Env, now time.Time) string {
	if e.Status != api.StatusOnline {
		return "0"
	}
	return spanText(max(0, now.UnixMilli()-e.PMUptime))
}

func treeText(processes int) string {
	if processes == 1 {
		return "1 process"
	}
	return strconv.Itoa(processes) + " processes"
}

func pidText(pid int) string {
	if pid == 0 {
		return "N/A"
	}
	return strconv.Itoa(pid)
}

func isoText(ms int64) string {
	if ms == 0 {
		return "N/A"
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}

func mark(on bool) string {
	if on {
		return "✔"
	}
	return "✘"
}

// appendEvents writes events one a line, in local time.
func appendEvents(buf []byte, events []api.Event) []byte {
	width := 10 // most kinds are shorter
	for i := range events {
		width = max(width, len(events[i].Kind))
	}
	for i := range events {
		e := &events[i]
		line := fmt.Sprintf("  %s  %-*s %s", time.UnixMilli(e.Time).Format(time.DateTime), width, e.Kind, e.Reason)
		buf = append(buf, harmless(strings.TrimRight(line, " "), false)+"\n"...)
	}
	return buf
}
