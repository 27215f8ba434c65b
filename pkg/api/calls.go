package api

import (
	"encoding/json"

	"github.com/leadmaster/hub/pkg/spec"
)

// Parameters and replies of the methods, named after them.
type (
	DaemonReply struct {
		Version   string `json:"version"`
		Level     int    `json:"level"`
		PID       int    `json:"pid"`
		Home      string `json:"home"`
		State     string `json:"state"`
		Started   int64  `json:"started"`
		Instances int    `json:"instances"`
		User      string `json:"user"`
		// Keeper is the pid of the daemon's keeper, 0 without one.
		Keeper   int       `json:"keeper"`
		Adopting *Adopting `json:"adopting,omitempty"`
		// Unsaved says what of the daemon's state can't be written, and why.
		Unsaved string `json:"unsaved,omitempty"`
		// Problems are what went wrong when the saved apps were started.
		Problems []string `json:"problems,omitempty"`
	}
	// Adopting is how far a daemon is with taking over the instances of the one
	// before.
	Adopting struct {
		Done int `json:"done"`
		Of   int `json:"of"`
	}
	ControlCall struct {
		Action string `json:"action"`
		// Program is the absolute path of a hubd, for ActionUpdate and ActionJoin.
		Program string `json:"program,omitempty"`
		// Cgroup is the path of a group of a unit of systemd's, for daemon and keeper
		// and ActionJoin; Environ the unit's variables, KEY=value.
		Cgroup  string   `json:"cgroup,omitempty"`
		Environ []string `json:"environ,omitempty"`
	}
	ResultsReply struct {
		Results []Result `json:"results"`
	}
	ListCall struct {
		Targets []string `json:"targets,omitempty"`
		Host    bool     `json:"host,omitempty"`
	}
	ListReply struct {
		Rows []Row `json:"rows"`
		Host *Host `json:"host,omitempty"` // in the last reply
		// Problems are DaemonReply's, and what is unsaved, in the last reply where the
		// host was asked for.
		Problems []string `json:"problems,omitempty"`
	}
	ProcessesCall struct {
		Targets []string `json:"targets,omitempty"`
		Detail  bool     `json:"detail,omitempty"`
	}
	ProcessesReply struct {
		Processes []Process `json:"processes"`
	}
	StartCall struct {
		Specs     []spec.Spec `json:"specs"`
		Env       []string    `json:"env"`
		UpdateEnv bool        `json:"update_env,omitempty"`
		Existing  string      `json:"existing,omitempty"`
		Wake      bool        `json:"wake,omitempty"`
		Brief     bool        `json:"brief,omitempty"`
		IDs       []int       `json:"ids,omitempty"`
		Since     int64       `json:"since,omitempty"`
	}
	ActCall struct {
		Action    string          `json:"action"`
		Targets   []string        `json:"targets"`
		UpdateEnv bool            `json:"update_env,omitempty"`
		Env       []string        `json:"env,omitempty"`
		Signal    string          `json:"signal,omitempty"`
		Count     string          `json:"count,omitempty"`
		Line      *string         `json:"line,omitempty"`
		Message   json.RawMessage `json:"message,omitempty"`
		// Since, in ActCall, StartCall and ResurrectCall, is for a call that is made
		// again since a daemon has died over it: when it was made first, in ms since
		// the epoch. What has been done since is waited for, and not done again.
		Since int64 `json:"since,omitempty"`
	}
	EnvCall struct {
		Target string `json:"target"`
	}
	EnvReply struct {
		ID   int               `json:"id"`
		Name string            `json:"name"`
		Env  map[string]string `json:"env"`
	}
	LogsCall struct {
		Targets []string `json:"targets,omitempty"`
		Lines   *int     `json:"lines,omitempty"` // nil: 15
		Follow  bool     `json:"follow,omitempty"`
		Streams []string `json:"streams,omitempty"`
		From    *int64   `json:"from,omitempty"`  // instead of the last lines, of the only file
		Stamp   *string  `json:"stamp,omitempty"` // date format; "" is ISO 8601 in UTC
		// Positions go on behind an earlier call, file by file: a file that is not
		// among them is read from its start.
		Positions []LogPosition `json:"positions,omitempty"`
	}
	// LogPosition is how far a log file was read.
	LogPosition struct {
		Path     string `json:"path"`
		Position int64  `json:"position"`
	}
	LogsReply struct {
		Sources []LogSource `json:"sources"`
		Lines   []LogLine   `json:"lines"`
	}
	LogControlCall struct {
		Action  string   `json:"action"`
		Targets []string `json:"targets,omitempty"`
	}
	LogControlReply struct {
		Files []string `json:"files"`
	}
	EventsCall struct {
		Targets []string `json:"targets,omitempty"`
	}
	EventsReply struct {
		Events []Event `json:"events"`
	}
	DumpCall struct {
		Force bool `json:"force,omitempty"`
	}
	DumpReply struct {
		Path string `json:"path"`
		Apps int    `json:"apps"`
	}
	ResurrectCall struct {
		Since int64 `json:"since,omitempty"`
	}
	ResurrectReply struct {
		Path    string   `json:"path"`
		Results []Result `json:"results"`
	}
	SavedReply struct {
		Path string     `json:"path"`
		Apps []SavedApp `json:"apps"`
	}
	StraysReply struct {
		Strays []Stray `json:"strays"`
	}
)
