package supervise

import (
	"time"

	"github.com/leadmaster/hub/pkg/proc"
)

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
	Exit      *proc.Exit    `json:"exit,omitempty"` // the last
	LastEnd   string        `json:"last_end,omitempty"`
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
	Notify     string    `json:"notify,omitempty"`
	LaunchedAt time.Time `json:"launched_at"`
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
