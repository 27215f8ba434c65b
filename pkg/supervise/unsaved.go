package supervise

import (
	"sync"
	"time"
)

// unsaved is what could not be written: supervision goes on without, but the
// operator must know, and it is written as soon as it can be.
type unsaved struct {
	mu       sync.Mutex       // guards the fields below
	what     map[string]error // by instance, with stateKey for the registry
	retrying bool
	first    error // of all that is not over
}

// daemonID is the id of events that are of no instance.
const daemonID = -1

// stateKey stands for what OnChange saves.
const stateKey = "state"

// saveInterval is the time between two attempts at what could not be written.
const saveInterval = time.Second

// saved notes what came of writing a record, or of OnChange. The first failure of
// all and the end of the last are logged.
func (s *Supervisor) saved(key string, err error) {
	u := &s.unsaved
	u.mu.Lock()
	defer u.mu.Unlock()
	before := len(u.what)
	if err == nil {
		delete(u.what, key)
	} else {
		if u.what == nil {
			u.what = make(map[string]error)
		}
		u.what[key] = err
	}
	switch after := len(u.what); {
	case before == 0 && after > 0:
		u.first = err
		s.Log.Error("state can't be saved: a new daemon would not know what runs now", "error", err)
		s.bus.publish(Event{Time: time.Now(), ID: daemonID, Kind: "unsaved", Reason: err.Error()})
	case before > 0 && after == 0: // the log may have been on the same disk
		s.Log.Info("state is saved again", "error before", u.first)
		s.bus.publish(Event{Time: time.Now(), ID: daemonID, Kind: "saved"})
	}
	if len(u.what) > 0 && !u.retrying {
		u.retrying = true
		go s.saveLater()
	}
}

// saveLater tries again until everything is saved.
func (s *Supervisor) saveLater() {
	tick := time.NewTicker(saveInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
		}
		for _, i := range s.Instances() {
			i.ask(func() error { i.recordContent(); i.record(); return nil })
		}
		s.mu.Lock()
		if s.unsaved.has(stateKey) {
			s.changed()
		}
		s.mu.Unlock()
		if s.unsaved.over() {
			return
		}
	}
}

func (u *unsaved) has(key string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.what[key] != nil
}

// over ends the attempts when nothing is left.
func (u *unsaved) over() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.retrying = len(u.what) > 0
	return !u.retrying
}

// changed tells OnChange of the registry, with s.mu held.
func (s *Supervisor) changed() {
	if s.OnChange != nil {
		s.saved(stateKey, s.OnChange(s.nextID, len(s.instances)))
	}
}

// Unsaved says what of the state can't be written at the moment, and why; "" if
// everything is.
func (s *Supervisor) Unsaved() string {
	s.unsaved.mu.Lock()
	defer s.unsaved.mu.Unlock()
	for _, err := range s.unsaved.what {
		return "the state can't be saved, so a new daemon would not know what runs now: " + err.Error()
	}
	return ""
}
