package supervise

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/leadmaster/hub/pkg/proc"
)

// ErrNewerRecord means that a later version of hub wrote the record, which is to
// stay as it is.
var ErrNewerRecord = errors.New("written by a later version of hub")

// RecordVersion is the version of Record that this program writes.
const RecordVersion = 1

// Record is what a later daemon needs to know of an instance to take it over:
// written before the fork, after it, and at the end of a process before that is
// reaped. Specs and environments stand in it by hash.
type Record struct {
	Version    int    `json:"version"`
	UUID       string `json:"uuid"`
	ID         int    `json:"id"`
	Instance   int    `json:"instance"`
	Name       string `json:"name"`
	Spec       string `json:"spec"`           // hash
	Next       string `json:"next,omitempty"` // hash of the spec of the next launch, if that is another
	BaseEnv    string `json:"base_env"`       // hash
	Want       Want   `json:"want"`
	State      State  `json:"state"`
	Generation int    `json:"generation"` // of the current launch
	Launches   int    `json:"launches"`   // generations given out
	RecordedLaunch
	// Beside are the launches that run beside the current one.
	Beside []RecordedBeside `json:"beside,omitempty"`

	CreatedAt time.Time     `json:"created_at"`
	Restarts  int           `json:"restarts"`
	Unstable  int           `json:"unstable"`
	Backoff   time.Duration `json:"backoff"`
	NotReady  bool          `json:"not_ready,omitempty"`
	// Due is when the pending restart is to be, in the state "waiting restart".
	Due     *time.Time `json:"due,omitempty"`
	Exit    *proc.Exit `json:"exit,omitempty"` // the last
	LastEnd string     `json:"last_end,omitempty"`
	// Events are the last ones, oldest first.
	Events     []RecordedEvent `json:"events,omitempty"`
	MemoryPeak int64           `json:"memory_peak,omitempty"` // bytes
}

// Check returns why a record can't be used: it is another instance's, a field is
// missing, or a later version of hub wrote it.
func (r *Record) Check(uuid string) error {
	switch {
	case r.Version > RecordVersion:
		return fmt.Errorf("it is of version %d, %w; this one reads %d", r.Version, ErrNewerRecord, RecordVersion)
	case r.Version < 1 || r.UUID != uuid:
		return errors.New("it is no record of this instance")
	case r.Name == "" || r.Spec == "" || r.BaseEnv == "":
		return errors.New("a field is missing: name, spec or base_env")
	case !slices.Contains([]Want{Up, Down, Gone}, r.Want):
		return fmt.Errorf("want %q is unknown", r.Want)
	case !slices.Contains([]State{Stopped, Launching, Online, Stopping, Waiting, Errored}, r.State):
		return fmt.Errorf("state %q is unknown", r.State)
	case r.ID < 0 || r.Instance < 0 || r.Generation < 0:
		return errors.New("a number is negative")
	}
	for _, b := range r.Beside {
		if b.Generation < 1 || b.Spec == "" {
			return errors.New("a field of a launch beside the current one is missing")
		}
	}
	return nil
}

// Repair drops processes of which a field is missing, which are looked for by
// their mark then, and reports whether there were any.
func (r *Record) Repair() (damaged bool) {
	check := func(p **proc.Identity) {
		if *p != nil && ((*p).PID < 1 || (*p).Start == 0 || (*p).Boot == "") {
			*p, damaged = nil, true
		}
	}
	check(&r.Process)
	for n := range r.Beside {
		check(&r.Beside[n].Process)
	}
	return damaged || r.State == Online && r.Process == nil
}

// RecordedLaunch is what a record says of one launch.
type RecordedLaunch struct {
	// Process is the main process; nil before the fork and after the exit is on
	// record.
	Process *proc.Identity `json:"process,omitempty"`
	// Pipes are the inode numbers of the pipes behind the child's 0, 1 and 2.
	Pipes [3]uint64 `json:"pipes"`
	// Channel and ChannelCopy are the child's descriptors of the IPC channel: its
	// own end and the copy of ours; 0 without a channel.
	Channel     int `json:"channel,omitempty"`
	ChannelCopy int `json:"channel_copy,omitempty"`
	// Notify is the path of the sd_notify socket.
	Notify string `json:"notify,omitempty"`
	// Signalled: the main process got the kill signal. A second one means "at
	// once" to many programs.
	Signalled bool `json:"signalled,omitempty"`
	// Status is the app's own STATUS= (sd_notify(3)), "" also for a long one.
	Status     string    `json:"status,omitempty"`
	LaunchedAt time.Time `json:"launched_at"`
	// Main is the main process after its end, and Ended when that was noticed, in
	// ticks since boot: what is left of its session is still the launch's.
	Main  *proc.Identity `json:"main,omitempty"`
	Ended uint64         `json:"ended,omitempty"`
	// Grouped is when its process group got the kill signal, in ticks since boot, or
	// 0.
	Grouped uint64 `json:"grouped,omitempty"`
}

// RecordedBeside is a launch that runs beside the current one.
type RecordedBeside struct {
	Generation int    `json:"generation"`
	Spec       string `json:"spec"` // hash
	// Candidate is to replace the current launch; else this one is being ended.
	Candidate bool `json:"candidate,omitempty"`
	RecordedLaunch
}

// Store keeps what must survive the daemon.
type Store interface {
	// PutContent stores a spec or an environment, once however often it is put,
	// and returns its hash. It stays until ReleaseContent was called as often.
	PutContent(v any) (string, error)
	ReleaseContent(hash string) error
	WriteRecord(uuid string, record any) error
	RemoveRecord(uuid string) error
}
