package daemon

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
	"github.com/leadmaster/hub/pkg/supervise"
)

// batch is how many processes go into one reply: enough to save system
// calls, few enough to keep the daemon small.
const batch = 64

// rowBatch is how many rows of the table share a reply; all replies share one
// buffer, which they fill with rowSize bytes a row, more or less.
const (
	rowBatch = 16
	rowSize  = 240
)

// list sends the process table, by name and id.
func (d *Daemon) list(ctx context.Context, in *api.ListCall, r *replies) error {
	list, err := d.found(in.Targets)
	if err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b *supervise.Instance) int {
		return cmp.Or(cmp.Compare(a.Status().Spec.Name, b.Status().Spec.Name), cmp.Compare(a.ID, b.ID))
	})
	usage := d.usage(ctx, list)
	now := time.Now()
	size := len(list)
	if r.more() {
		size = min(size, rowBatch)
	}
	reply := api.ListReply{Rows: make([]api.Row, 0, size)}
	message := make([]byte, 0, (size+1)*rowSize)
	for n, i := range list {
		if len(reply.Rows) == rowBatch && r.more() {
			message = reply.AppendList(message[:0], true)
			if err := r.raw(message); err != nil {
				return err
			}
			reply.Rows = reply.Rows[:0]
		}
		reply.Rows = append(reply.Rows, row(i, usage[n], now))
	}
	if in.Host {
		reply.Host, reply.Problems = d.machine(ctx), d.troubles()
	}
	return r.raw(reply.AppendList(message[:0], false))
}

// machine is what the host is doing, nil if that can't be told.
func (d *Daemon) machine(ctx context.Context) *api.Host {
	h, err := d.host.Stats(ctx)
	if err != nil {
		d.log.Error("figures of the host", "error", err)
		return nil
	}
	return &api.Host{
		CPU: h.CPU, MemoryUsed: int64(h.MemUsed), MemoryTotal: int64(h.MemTotal), Load: []float64{h.Load1, h.Load5, h.Load15},
	}
}

// processes sends full descriptions, by id.
func (d *Daemon) processes(ctx context.Context, in *api.ProcessesCall, r *replies) error {
	list, err := d.found(in.Targets)
	if err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b *supervise.Instance) int { return cmp.Compare(a.ID, b.ID) })
	usage := d.usage(ctx, list)
	return inBatches(r, len(list), func(from, to int) any {
		some := make([]api.Process, 0, to-from)
		for n := from; n < to; n++ {
			some = append(some, process(list[n], usage[n], in.Detail))
		}
		return api.ProcessesReply{Processes: some}
	})
}

// usage is what instances use. Without figures there is a list all the same.
func (d *Daemon) usage(ctx context.Context, list []*supervise.Instance) []supervise.Usage {
	u, err := d.sup.Usage(ctx, list)
	if err != nil && ctx.Err() == nil {
		d.log.Error("figures of processes", "error", err)
	}
	return u
}

// inBatches sends replies of at most batch elements, or one with all.
func inBatches(r *replies, n int, reply func(from, to int) any) error {
	from := 0
	for r.more() && n-from > batch {
		if err := r.next(reply(from, from+batch)); err != nil {
			return err
		}
		from += batch
	}
	return r.last(reply(from, n))
}

func row(i *supervise.Instance, u supervise.Usage, now time.Time) api.Row {
	st := i.Status()
	s := st.Spec
	r := api.Row{
		ID: i.ID, Name: s.Name, Namespace: s.Namespace, Version: s.Version, Instance: i.Number, Mode: s.ExecMode,
		PID: st.PID, Restarts: st.Restarts, Status: string(st.State), NotReady: st.NotReady,
		CPU: u.CPU, Memory: u.Memory, User: s.Username,
	}
	if st.PID != 0 {
		r.Uptime = now.Sub(st.LaunchedAt).Milliseconds()
	}
	return r
}

func process(i *supervise.Instance, u supervise.Usage, detail bool) api.Process {
	st := i.Status()
	p := api.Process{
		PID: st.PID, Name: st.Spec.Name, PMID: i.ID,
		Monit: api.Monit{Memory: u.Memory, CPU: u.CPU}, PM2Env: pm2Env(i, st),
	}
	if detail {
		p.Hub = &api.Detail{
			UUID: i.UUID, Generation: st.Generation, File: st.Spec.File, EnvName: st.Spec.EnvName, DefaultNamespace: st.Spec.DefaultNamespace, Command: orEmpty(st.Command),
			Want: string(st.Want), NotReady: st.NotReady, AppStatus: st.AppStatus, LastExit: st.LastEnd,
			MemoryPeak: i.MemoryPeak(), Tree: u.Processes, Events: events(st.Events),
		}
	}
	return p
}

func pm2Env(i *supervise.Instance, st *supervise.Status) api.PM2Env {
	s := st.Spec
	e := api.PM2Env{
		Name: s.Name, Namespace: s.Namespace, PMID: i.ID, UniqueID: i.UUID, Username: s.Username, Version: s.Version,
		Status: string(st.State), CreatedAt: st.CreatedAt.UnixMilli(), RestartTime: st.Restarts,
		UnstableRestarts: st.Unstable, PrevRestartDelay: st.Delay.Milliseconds(),
		ExecPath: s.Script, Cwd: s.Cwd, Interpreter: s.Interpreter, ExecMode: s.ExecMode + "_mode",
		Args: orEmpty(s.Args), NodeArgs: orEmpty(s.InterpreterArgs), Instances: s.Instances,
		InstanceNumber: i.Number, InstanceVar: s.InstanceVar,
		OutLogPath: s.LogPath(s.OutFile, i.Number), ErrLogPath: s.LogPath(s.ErrorFile, i.Number), PidPath: s.PidPath(i.ID), LogPath: logPath(s, i.Number),
		Env: map[string]string{}, Autostart: s.Autostart, Autorestart: s.Autorestart,
		MergeLogs: s.MergeLogs, DisableLogs: s.DisableLogs, LogDateFormat: s.LogDateFormat, LogType: s.LogType,
		StopExitCodes: orEmpty(s.StopExitCodes), MaxRestarts: s.MaxRestarts, MinUptime: s.MinUptime,
		RestartDelay: s.RestartDelay, ExpBackoff: s.ExpBackoff, MaxMemory: s.MaxMemory,
		KillTimeout: s.KillTimeout, KillSignal: s.KillSignal, WaitReady: s.WaitReady,
		ListenTimeout: s.ListenTimeout, OnListenTimeout: s.OnListenTimeout,
		ShutdownMessage: s.ShutdownWithMessage, Reload: s.Reload, Listen: listens(s), IPC: s.IPC, Notify: s.Notify,
		Treekill: true, WindowsHide: true, KillRetryTime: pm2KillRetryTime, FilterEnv: []string{},
	}
	if s.Shell {
		// PM2 shows the shell as the program and the line as its argument.
		e.Args = []string{"-c", s.Script}
		e.ExecPath = "/bin/bash"
		if len(st.Command) > 0 && st.Command[0] == "sh" {
			e.ExecPath = "/bin/sh"
		}
	}
	if !st.LaunchedAt.IsZero() {
		e.PMUptime = st.LaunchedAt.UnixMilli()
	}
	if x := st.LastExit; x != nil {
		// PM2 calls a death by signal 0; a shell's 128 + n can't be mistaken for
		// a clean end.
		code := x.Code
		if x.Signal != 0 {
			code = 128 + int(x.Signal)
		}
		if !x.Unknown {
			e.ExitCode = &code
		}
	}
	return e
}

// listens are the sockets of an app in one word each.
func listens(s *spec.Spec) []string {
	all := make([]string, 0, len(s.Listen))
	for _, l := range s.Listen {
		if l.Name != "" {
			l.Address = l.Name + "=" + l.Address
		}
		all = append(all, l.Address)
	}
	return all
}

// pm2KillRetryTime is a constant of PM2's schema, in milliseconds. hub does not
// poll: it waits for the exit.
const pm2KillRetryTime = 100

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func events(list []supervise.Event) []api.Event {
	out := make([]api.Event, 0, len(list))
	for _, e := range list {
		out = append(out, event(e))
	}
	return out
}

func event(e supervise.Event) api.Event {
	return api.Event{
		Time: e.Time.UnixMilli(), ID: e.ID, Name: e.Name, Instance: e.Instance,
		Kind: e.Kind, Status: string(e.State), PID: e.PID, Reason: e.Reason,
	}
}

// events sends what happened lately to the instances that targets mean and, to
// a client that takes more, what happens from then on.
func (d *Daemon) events(ctx context.Context, in *api.EventsCall, r *replies) error {
	sub := d.sup.Subscribe() // before the history is read: nothing falls between
	defer sub.Close()
	list, err := d.found(in.Targets)
	if err != nil {
		return err
	}
	var past []supervise.Event
	for _, i := range list {
		past = append(past, i.Status().Events...)
	}
	slices.SortStableFunc(past, func(a, b supervise.Event) int { return a.Time.Compare(b.Time) })
	if !r.more() {
		return r.last(api.EventsReply{Events: events(past)})
	}
	if err := r.next(api.EventsReply{Events: events(past)}); err != nil {
		return err
	}
	seen := make(map[string]time.Time) // by instance
	for _, e := range past {
		seen[e.UUID] = e.Time
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, ok := <-sub.C:
			switch {
			case !ok:
				return &api.Error{Code: api.CodeFailed, Message: "events came faster than they were read"}
			case !e.Time.After(seen[e.UUID]), len(in.Targets) > 0 && !d.matches(in.Targets, e):
				continue
			}
			if err := r.next(api.EventsReply{Events: []api.Event{event(e)}}); err != nil {
				return err
			}
		}
	}
}

// matches reports whether an event is of an instance that the targets mean now.
func (d *Daemon) matches(targets []string, e supervise.Event) bool {
	list, _ := d.find(targets)
	return slices.ContainsFunc(list, func(i *supervise.Instance) bool { return i.UUID == e.UUID })
}
