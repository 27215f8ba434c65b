package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/store"
	"github.com/leadmaster/hub/pkg/supervise"
)

// apps returns what there is as it would be saved, in order of id.
func (d *Daemon) apps() []savedApp {
	var list []savedApp
	at := make(map[string]int)
	for _, i := range d.sup.Instances() {
		st := i.Status()
		if st.Want == supervise.Gone {
			continue
		}
		n, ok := at[st.Spec.Name]
		if !ok {
			n = len(list)
			at[st.Spec.Name] = n
			list = append(list, savedApp{
				Name: st.Spec.Name, Want: supervise.Down, Spec: savedSpec{Spec: *st.Spec}, BaseEnv: i.BaseEnv().Vars, File: st.Spec.File,
			})
		}
		list[n].Instances++
		// An errored app was wanted up: after a reboot it gets another chance,
		// as in PM2.
		if st.Want == supervise.Up || st.State == supervise.Errored {
			list[n].Want = supervise.Up
		}
	}
	return list
}

func (d *Daemon) dump(_ context.Context, in *api.DumpCall, r *replies) error {
	d.dumpMu.Lock()
	defer d.dumpMu.Unlock()
	now := saved{Version: dumpVersion, Apps: d.apps()}
	path := d.home.DumpPath()
	if len(now.Apps) == 0 && !in.Force {
		return &api.Error{
			Code: api.CodeRefused, Target: path,
			Message: "there is nothing to save; the saved list is left as it is",
			Hint:    "hubctl save --force saves the empty list",
		}
	}
	old, err := readSaved(path)
	switch {
	case err == nil:
		now.keep(old)
	case errors.Is(err, errNewer) && !in.Force:
		return &api.Error{
			Code: api.CodeRefused, Target: path, Message: err.Error() + "; it is left as it is",
			Hint: "hubctl save --force replaces it",
		}
	}
	data, err := json.MarshalIndent(now, "", "  ")
	if err == nil {
		err = store.WriteDurable(path, append(data, '\n'))
	}
	if err != nil {
		return &api.Error{Code: api.CodeFailed, Message: "save: " + err.Error(), Target: path}
	}
	d.problems.clear()
	d.log.Info("saved", "file", path, "apps", len(now.Apps))
	return r.last(api.DumpReply{Path: path, Apps: len(now.Apps)})
}

// readDump reads the saved list, or the one before where that is damaged or, set
// aside by an earlier resurrect, not there; damaged is why it was not read.
func (d *Daemon) readDump() (s *saved, path string, damaged error, err error) {
	path = d.home.DumpPath()
	s, err = readSaved(path)
	switch {
	case err == nil:
		return s, path, nil, nil
	case errors.Is(err, errNewer):
		return nil, path, nil, &api.Error{Code: api.CodeFailed, Target: path, Message: err.Error(), Hint: "the file is left as it is"}
	}
	missing := errors.Is(err, fs.ErrNotExist)
	older, bakErr := readSaved(path + ".bak")
	switch {
	case bakErr == nil && missing:
		return older, path + ".bak", nil, nil
	case bakErr == nil:
		return older, path + ".bak", err, nil
	case missing:
		return nil, path, nil, &api.Error{
			Code: api.CodeNotFound, Target: path, Message: "no list is saved: " + path + " does not exist", Hint: "hubctl save makes it",
		}
	}
	return nil, path, nil, &api.Error{
		Code: api.CodeFailed, Target: path, Message: err.Error(), Hint: "the file is left as it is, and there is no older one that can be read",
	}
}

// resurrect starts what is saved and not there: per instance, so that three of
// four that run get their fourth. An app that can't be started is a result with
// an error, and no reason to leave the others.
func (d *Daemon) resurrect(ctx context.Context, in *api.ResurrectCall, r *replies) error {
	d.problems.clear()
	s, path, err := d.takeDump()
	if err != nil {
		return err
	}
	all := []api.Result{}
	var pending []*supervise.Pending
	for n := range s.Apps {
		some, err := d.resurrectApp(ctx, &s.Apps[n], in.Since)
		switch {
		case errors.Is(err, supervise.ErrEnding):
			return refusal(err)
		case err != nil:
			all = append(all, api.Result{
				ID: -1, Name: s.Apps[n].Name, Status: api.StatusStopped, Error: "can't be started from the saved list: " + err.Error(),
				Hint: "start it from its file and save anew", Warnings: []string{}, Stderr: []string{}, Changed: []string{},
			})
		}
		pending = append(pending, some...)
	}
	err = d.collect(ctx, pending, func(some []api.Result) error {
		if r.more() {
			return r.next(api.ResurrectReply{Path: path, Results: some})
		}
		all = append(all, some...)
		return nil
	})
	if err != nil {
		return err
	}
	return r.last(api.ResurrectReply{Path: path, Results: all})
}

func (d *Daemon) resurrectApp(ctx context.Context, a *savedApp, since int64) ([]*supervise.Pending, error) {
	if a.err != nil {
		return nil, a.err
	}
	sp := a.Spec.Spec
	sp.Instances = a.Instances
	if err := sp.Validate(); err != nil {
		return nil, err
	}
	if a.Name != sp.Name {
		return nil, fmt.Errorf("its spec is of %q", sp.Name)
	}
	return d.sup.Start(ctx, supervise.Request{
		Spec: &sp, Base: d.baseEnv(a.BaseEnv), Existing: supervise.Keep, Hold: a.Want == supervise.Down,
		Since: sinceOf(since), Cause: "resurrect by " + causeOf(ctx),
	})
}

func (d *Daemon) saved(_ context.Context, _ *none, r *replies) error {
	s, path, _, err := d.readDump()
	if err != nil {
		return err
	}
	reply := api.SavedReply{Path: path, Apps: []api.SavedApp{}}
	for _, a := range s.Apps {
		reply.Apps = append(reply.Apps, api.SavedApp{
			Name: a.Name, Namespace: a.Spec.Namespace, Instances: a.Instances, Want: string(a.Want), Script: a.Spec.Script,
		})
	}
	return r.last(reply)
}
