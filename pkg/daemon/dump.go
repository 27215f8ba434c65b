package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
	"github.com/leadmaster/hub/pkg/store"
	"github.com/leadmaster/hub/pkg/supervise"
)

// dumpVersion is the version of dump.json that this program reads and writes.
const dumpVersion = 1

// saved is dump.json: what resurrect starts.
type saved struct {
	Version int        `json:"version"`
	Apps    []savedApp `json:"apps"`
}

type savedApp struct {
	Name      string         `json:"name"`
	Instances int            `json:"instances"`
	Want      supervise.Want `json:"want"` // "up" or "down"
	Spec      *spec.Spec     `json:"spec"`
	BaseEnv   []string       `json:"base_env"`
	File      string         `json:"file,omitempty"`

	// extra are fields of a later version, which are kept.
	extra map[string]json.RawMessage
}

// apps returns what there is as it would be saved, in order of id.
func (d *Daemon) apps() []savedApp {
	var list []savedApp
	at := make(map[string]int)
	for _, i := range d.sup.Instances() {
		st := i.Status()
		n, ok := at[st.Spec.Name]
		if !ok {
			n = len(list)
			at[st.Spec.Name] = n
			list = append(list, savedApp{
				Name: st.Spec.Name, Want: supervise.Down, Spec: st.Spec, BaseEnv: i.BaseEnv().Vars, File: st.Spec.File,
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
	list := d.apps()
	path := d.home.DumpPath()
	if len(list) == 0 && !in.Force {
		return &api.Error{
			Code: api.CodeRefused, Target: path,
			Message: "there is nothing to save; the saved list is left as it is",
			Hint:    "hubctl save --force saves the empty list",
		}
	}
	d.dumpMu.Lock()
	defer d.dumpMu.Unlock()
	if old, _, err := d.readDump(); err == nil {
		keepExtra(list, old.Apps)
	}
	data, err := json.MarshalIndent(saved{Version: dumpVersion, Apps: list}, "", "  ")
	if err == nil {
		err = store.WriteDurable(path, append(data, '\n'))
	}
	if err != nil {
		return &api.Error{Code: api.CodeFailed, Message: "save: " + err.Error(), Target: path}
	}
	d.log.Info("saved", "file", path, "apps", len(list))
	return r.last(api.DumpReply{Path: path, Apps: len(list)})
}

func keepExtra(list, old []savedApp) {
	for n := range list {
		for _, o := range old {
			if o.Name == list[n].Name {
				list[n].extra = o.extra
			}
		}
	}
}

// readDump reads the saved list, or the one before where that is damaged. A
// damaged file is set aside, never deleted.
func (d *Daemon) readDump() (*saved, string, error) {
	path := d.home.DumpPath()
	s, err := readSaved(path)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNewer) {
		return s, path, err
	}
	bak := path + ".bak"
	older, bakErr := readSaved(bak)
	if bakErr != nil {
		return nil, path, err
	}
	d.log.Warn("the saved list is damaged; the one before is used", "file", path, "set_aside", path+".damaged", "error", err)
	if err := os.Rename(path, path+".damaged"); err != nil {
		d.log.Error("saved list", "error", err)
	}
	return older, bak, nil
}

// errNewer means that a later version of hub wrote the file.
var errNewer = errors.New("it was written by a later version of hub")

func readSaved(path string) (*saved, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var s saved
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if s.Version > dumpVersion {
		return nil, fmt.Errorf("read %s: version %d: %w", path, s.Version, errNewer)
	}
	for n := range s.Apps {
		a := &s.Apps[n]
		if a.Spec == nil {
			return nil, fmt.Errorf("read %s: app %q has no spec", path, a.Name)
		}
		if err := a.Spec.Validate(); err != nil {
			return nil, fmt.Errorf("read %s: app %q: %w", path, a.Name, err)
		}
	}
	return &s, nil
}

// plain is savedApp without its methods.
type plain savedApp

// MarshalJSON writes the known fields in order and the kept ones after them.
func (a savedApp) MarshalJSON() ([]byte, error) {
	data, err := json.Marshal(plain(a))
	if err != nil || len(a.extra) == 0 {
		return data, err
	}
	extra, err := json.Marshal(a.extra)
	if err != nil {
		return nil, err
	}
	return append(append(data[:len(data)-1], ','), extra[1:]...), nil
}

// UnmarshalJSON keeps the fields that it does not know.
func (a *savedApp) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, (*plain)(a)); err != nil {
		return err
	}
	if err := json.Unmarshal(b, &a.extra); err != nil {
		return err
	}
	known, err := json.Marshal(plain{File: "x", Spec: &spec.Spec{}})
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(known))
	names := map[string]json.RawMessage{}
	if err := dec.Decode(&names); err != nil {
		return err
	}
	for name := range names {
		delete(a.extra, name)
	}
	return nil
}

// resurrect starts what is saved and not there: per instance, so that three of
// four that run get their fourth.
func (d *Daemon) resurrect(ctx context.Context, _ *none, r *replies) error {
	s, path, err := d.readDump()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &api.Error{Code: api.CodeNotFound, Target: path, Message: "no list is saved: " + path + " does not exist", Hint: "hubctl save makes it"}
	case err != nil:
		return &api.Error{Code: api.CodeFailed, Target: path, Message: err.Error(), Hint: "the file is left as it is"}
	}
	var pending []*supervise.Pending
	for n := range s.Apps {
		a := &s.Apps[n]
		base, err := d.baseEnv(a.BaseEnv)
		if err != nil {
			return err
		}
		sp := *a.Spec
		sp.Instances = a.Instances
		some, err := d.sup.Start(supervise.Request{
			Spec: &sp, Base: base, Existing: supervise.Keep, Hold: a.Want == supervise.Down, Cause: "resurrect by " + causeOf(ctx),
		})
		if err != nil {
			return ending(err)
		}
		pending = append(pending, some...)
	}
	all := []api.Result{}
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

func (d *Daemon) saved(_ context.Context, _ *none, r *replies) error {
	s, path, err := d.readDump()
	if errors.Is(err, fs.ErrNotExist) {
		return &api.Error{Code: api.CodeNotFound, Target: path, Message: "no list is saved: " + path + " does not exist", Hint: "hubctl save makes it"}
	}
	if err != nil {
		return &api.Error{Code: api.CodeFailed, Target: path, Message: err.Error()}
	}
	reply := api.SavedReply{Path: path, Apps: []api.SavedApp{}}
	for _, a := range s.Apps {
		reply.Apps = append(reply.Apps, api.SavedApp{
			Name: a.Name, Namespace: a.Spec.Namespace, Instances: a.Instances, Want: string(a.Want), Script: a.Spec.Script,
		})
	}
	return r.last(reply)
}
