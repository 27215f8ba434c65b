package daemon

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"

	"github.com/leadmaster/hub/pkg/stats"
	"github.com/leadmaster/hub/pkg/store"
	"github.com/leadmaster/hub/pkg/supervise"
)

// stateVersion is the version of state.json that this program reads and writes.
const stateVersion = 1

// state is state.json. The order of instances is that of their ids, which stand
// in their records.
type state struct {
	Version int    `json:"version"`
	HomeID  string `json:"home_id"`
	Boot    string `json:"boot"` // the kernel's boot id, when the file was written
	NextID  int    `json:"next_id"`
	// Ending says that the last daemon was ending its apps, Ended that it has, Booting
	// that the saved ones are being started.
	Ending  bool `json:"ending,omitempty"`
	Ended   bool `json:"ended,omitempty"`
	Booting bool `json:"booting,omitempty"`
}

// stateFile is state.json and what stands in it.
type stateFile struct {
	path string
	mu   sync.Mutex // guards now
	now  state
}

func (f *stateFile) get() state {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// begin is what a daemon starts from; boots says that it is to start the saved apps:
// once a boot, and again after an end. One that takes over from a daemon that has died
// goes on with what that was doing.
func (st *state) begin(boot string, boots, takesOver bool) {
	goesOn := st.Boot == boot && !st.Ended && !st.Booting
	if st.Ending && !takesOver { // nobody was left to go on with the end
		goesOn, st.Ending = false, false
	}
	st.Boot, st.Ended, st.Booting = boot, false, boots && !goesOn
}

// change writes the file. What can't be written is in the next one.
func (f *stateFile) change(by func(*state)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	by(&f.now)
	return store.WriteRuntime(f.path, f.now)
}

// loadState reads state.json. One that can't be read is set aside, and what it
// said is taken from the apps that run. A disk that can't be written is no reason
// not to begin: the supervisor says so, and tries again.
func loadState(home *store.Home, boot string, log *slog.Logger) (state, error) {
	var st state
	err := store.ReadJSON(home.StatePath(), &st)
	if err == nil && st.Version > stateVersion {
		return st, newerState(home, st)
	}
	if err == nil && (st.Version < 1 || st.HomeID == "") {
		err = errors.New("version or home_id is missing")
	}
	if err == nil {
		return st, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		aside := home.StatePath() + ".damaged"
		log.Warn("state.json can't be read and is set aside", "file", aside, "error", err)
		if err := os.Rename(home.StatePath(), aside); err != nil {
			log.Error("set state.json aside", "error", err)
		}
	}
	st = recallState(home, boot)
	if st.HomeID == "" {
		st.HomeID = supervise.NewUUID()
	}
	return st, nil
}

// recallState is the state as far as the records of this boot, and the marks of
// the processes that they name, tell it.
func recallState(home *store.Home, boot string) state {
	st := state{Version: stateVersion}
	var pids []int
	_ = home.Records(func(_, path string) { // without them there is nothing to recall
		var r supervise.Record
		if store.ReadJSON(path, &r) == nil && r.Process != nil && r.Process.Boot == boot {
			st.Boot = boot
			pids = append(pids, r.Process.PID)
		}
	})
	if len(pids) == 0 {
		return st
	}
	scanner := stats.NewScanner()
	snap, err := scanner.Scan(context.Background())
	if err != nil {
		return st
	}
	for _, pid := range pids {
		if p, ok := snap.Proc(pid); ok {
			if id, _, marked := strings.Cut(scanner.Mark(p), ":"); marked {
				st.HomeID = id
				break
			}
		}
	}
	return st
}
