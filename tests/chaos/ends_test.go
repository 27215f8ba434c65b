package chaos

import (
	"fmt"
	"strings"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/tests/chaos/account"
	"github.com/leadmaster/hub/tests/chaos/verify"
)

// ends holds the last exit of each instance that is down against what its last
// process says.
func (w *world) ends(outages verify.Outages) {
	w.t.Helper()
	list, err := w.processes()
	if err != nil {
		w.t.Fatal(err)
	}
	last := make(map[string]*account.Life)
	for _, l := range w.lives() {
		if l.Main {
			last[l.UUID] = l
		}
	}
	for _, p := range list {
		l := last[p.Hub.UUID]
		if p.PM2Env.Status != api.StatusStopped || l == nil || l.Generation != p.Hub.Generation || l.Exit == "" {
			continue
		}
		said, code := p.Hub.LastExit, p.PM2Env.ExitCode
		if strings.Contains(said, l.Exit) && code != nil && *code == exitCode(account.FateOf(l.Generation)) {
			continue
		}
		if strings.Contains(said, "unknown") && outages.Excuse(l) {
			continue
		}
		w.t.Errorf("%s ended as %q; hub says %q, exit_code %s", l, l.Exit, said, show(code))
	}
}

// exitCode is how the list shows a fate.
func exitCode(f account.Fate) int {
	switch f.Signal {
	case "SIGKILL":
		return 128 + 9
	case "SIGTERM":
		return 128 + 15
	}
	return f.Code
}

func show(code *int) string {
	if code == nil {
		return "none"
	}
	return fmt.Sprint(*code)
}
