package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
	"github.com/leadmaster/hub/pkg/store"
	"github.com/leadmaster/hub/pkg/supervise"
)

// adopt takes over what an earlier daemon of this boot has left: on record, and in
// the hands of the keeper. An app that can't be taken over runs on, and is named in
// the log.
func (d *Daemon) adopt(ctx context.Context) {
	var held []keeper.Held
	if d.table != nil {
		held = d.table.Held
	}
	list, newer := d.restored()
	held = leaveHeld(held, newer)
	d.adopting.of.Store(int64(len(list)))
	err := d.sup.Adopt(ctx, list, held, d.unnamed, func(done int) { d.adopting.done.Store(int64(done)) })
	if err != nil {
		d.log.Error("taken over, but not all of it", "error", err)
	}
	if len(list) > 0 {
		d.log.Info("apps of an earlier daemon are taken over", "instances", len(list))
	}
	if err := d.logs.Adopted(ctx); err != nil {
		d.log.Error("journal of the logs", "error", err)
	}
	if len(newer) > 0 {
		return // what their records refer to is not known
	}
	if err := d.home.DropContent(); err != nil {
		d.log.Error("records", "error", err)
	}
}

// leaveHeld leaves what the keeper has of some instances to it, and returns the
// rest.
func leaveHeld(held []keeper.Held, uuids []string) []keeper.Held {
	return slices.DeleteFunc(held, func(h keeper.Held) bool {
		uuid, _, _ := strings.Cut(h.Key, ":")
		if !slices.Contains(uuids, uuid) {
			return false
		}
		for _, f := range h.Files {
			keeper.CloseAll([]int{f.FD})
		}
		return true
	})
}

// restored reads the records. Those of another boot are dropped: its apps have
// ended with it, and resurrect brings back the saved ones. Those that can't be
// used are set aside, but for those of a later version of hub, which may come back:
// these are left as they are, and newer are the instances.
func (d *Daemon) restored() (list []supervise.Restored, newer []string) {
	a := newRecordReader(d.home)
	err := d.home.Records(func(uuid, path string) {
		r, err := a.read(uuid, path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && r.Record == nil: // empty: never launched
			d.dropRecord(uuid, path)
		case err != nil && !d.sameBoot:
			d.dropRecord(uuid, path)
		case errors.Is(err, supervise.ErrNewerRecord):
			newer = append(newer, uuid)
			d.log.Warn("a record can't be used and is left as it is; its app is not managed", "file", path, "app", r.Record.Name, "pid", running(r.Record), "error", err)
		case err != nil:
			d.setAside(path, err)
			if r.Record != nil && running(r.Record) != 0 {
				d.log.Warn("an app of an earlier daemon still runs and is not managed", "app", r.Record.Name, "pid", running(r.Record))
			}
		case !d.sameBoot:
			d.dropRecord(uuid, path)
		default:
			if r.Record.Repair() {
				d.setAside(path, errors.New("a process is missing in it; it is looked for by its mark"))
			}
			list = append(list, r)
		}
	})
	if err != nil {
		d.log.Error("records", "error", err)
	}
	return list, newer
}

func (d *Daemon) dropRecord(uuid, path string) {
	if err := d.home.RemoveRecord(uuid); err != nil {
		d.log.Error("record of an earlier daemon", "file", path, "error", err)
	}
}

// setAside keeps a record that can't be used where nobody takes it for one.
func (d *Daemon) setAside(path string, why error) {
	aside := path + ".damaged"
	d.log.Warn("a record can't be used and is set aside", "file", aside, "error", why)
	if err := os.Rename(path, aside); err != nil {
		d.log.Error("set a record aside", "error", err)
	}
}

// recordReader reads records. What several of them refer to is read once, and
// shared.
type recordReader struct {
	home  *store.Home
	specs map[string]*spec.Spec
	bases map[string]*supervise.BaseEnv
}

func newRecordReader(home *store.Home) *recordReader {
	return &recordReader{home: home, specs: make(map[string]*spec.Spec), bases: make(map[string]*supervise.BaseEnv)}
}

// read reads a record and what it refers to. With an error the record itself may
// be there.
func (a *recordReader) read(uuid, path string) (r supervise.Restored, err error) {
	var data json.RawMessage
	if err := store.ReadJSON(path, &data); err != nil {
		return r, err
	}
	// The version first: of a later one nothing else can be relied on.
	var of struct{ Version int }
	rec := &supervise.Record{}
	if err := json.Unmarshal(data, &of); err == nil && of.Version > supervise.RecordVersion {
		rec.Version = of.Version
		_ = json.Unmarshal(data, rec) // its name, perhaps
	} else if err := json.Unmarshal(data, rec); err != nil {
		return r, fmt.Errorf("read %s: %w", path, err)
	}
	r.Record = rec
	if err := rec.Check(uuid); err != nil {
		return r, err
	}
	if r.Spec, err = a.spec(rec.Spec); err != nil {
		return r, err
	}
	if rec.Next != "" {
		if r.Next, err = a.spec(rec.Next); err != nil {
			return r, err
		}
	}
	for _, b := range rec.Beside {
		s, err := a.spec(b.Spec)
		if err != nil {
			return r, err
		}
		r.Beside = append(r.Beside, s)
	}
	r.Base, err = a.base(rec.BaseEnv)
	return r, err
}

func (a *recordReader) base(hash string) (*supervise.BaseEnv, error) {
	if b := a.bases[hash]; b != nil {
		return b, nil
	}
	b := &supervise.BaseEnv{}
	if err := a.home.GetContent(hash, &b.Vars); err != nil {
		return nil, fmt.Errorf("its environment: %w", err)
	}
	a.bases[hash] = b
	return b, nil
}

func (a *recordReader) spec(hash string) (*spec.Spec, error) {
	if s := a.specs[hash]; s != nil {
		return s, nil
	}
	s := &spec.Spec{}
	if err := a.home.GetContent(hash, s); err != nil {
		return nil, fmt.Errorf("its settings: %w", err)
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("its settings: %w", err)
	}
	a.specs[hash] = s
	return s, nil
}

// running returns the pid of a main process on record that still runs, else 0.
func running(r *supervise.Record) int {
	launches := []supervise.RecordedLaunch{r.RecordedLaunch}
	for _, b := range r.Beside {
		launches = append(launches, b.RecordedLaunch)
	}
	for _, l := range launches {
		if l.Process == nil {
			continue
		}
		if p, err := proc.Open(*l.Process); err == nil {
			p.Close()
			return l.Process.PID
		}
	}
	return 0
}
