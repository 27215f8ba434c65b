package supervise

import (
	"slices"
	"time"

	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
)

const (
	// backoffLimit and backoffCalm are PM2's: the delay grows to 15 s and is
	// forgotten after 30 s of uptime.
	backoffLimit = 15 * time.Second
	backoffCalm  = 30 * time.Second
	// floorDelay bounds launches to 10 a second where nothing else does: when
	// min_uptime: 0 makes every exit a stable one, and when there was no process
	// at all.
	floorDelay = 100 * time.Millisecond
)

// counters are what the restart policy remembers between launches.
type counters struct {
	Unstable int           // consecutive unstable exits
	Backoff  time.Duration // the last delay of exp_backoff_restart_delay
}

// ending is how a launch ended, for the policy.
type ending struct {
	exit  proc.Exit
	pid   int // 0 if there was none
	lived time.Duration
	// failed: it never ran, or was ended because it did not get ready.
	failed bool
}

// judge is the restart policy: what follows from the end of a launch that
// nobody asked for. State is Stopped, Errored or Waiting, where a delay of 0
// means to launch again at once.
func judge(s *spec.Spec, c counters, e ending) (State, time.Duration, counters) {
	unstable := e.failed || e.lived < s.MinUptime.Std()
	if s.MinUptime == 0 {
		unstable = false
	}
	if unstable {
		c.Unstable++
	} else {
		c.Unstable = 0
	}
	if !s.Autorestart || !e.failed && endsApp(s, e.exit) {
		return Stopped, 0, c
	}
	if unstable && c.Unstable >= s.MaxRestarts {
		return Errored, 0, c
	}
	var delay time.Duration
	switch {
	case s.ExpBackoff > 0:
		if c.Backoff == 0 {
			c.Backoff = s.ExpBackoff.Std()
		} else {
			c.Backoff = min((c.Backoff * 3 / 2).Truncate(time.Millisecond), max(backoffLimit, s.ExpBackoff.Std()))
		}
		delay = c.Backoff
	default:
		delay = s.RestartDelay.Std()
	}
	if s.MinUptime == 0 || e.failed {
		delay = max(delay, floorDelay-e.lived)
	}
	return Waiting, delay, c
}

// endsApp reports whether stop_exit_codes names this exit. A death by signal
// has no code, so an app killed for lack of memory never counts as done.
func endsApp(s *spec.Spec, e proc.Exit) bool {
	return !e.Unknown && e.Signal == 0 && slices.Contains(s.StopExitCodes, e.Code)
}
