package api

import "github.com/leadmaster/hub/pkg/spec"

// Interface is the name of the Varlink interface that hubd serves.
const Interface = "com.leadmaster.hub"

// Level counts additions to the interface; a client can ask for a method only
// where the daemon's level has it.
const Level = 2

// Version is the version of hubd and hubctl, which are released together.
const Version = "0.1.0"

// Status words of an instance, as PM2 writes them.
const (
	StatusStopped        = "stopped"
	StatusLaunching      = "launching"
	StatusOnline         = "online"
	StatusStopping       = "stopping"
	StatusWaitingRestart = "waiting restart"
	StatusErrored        = "errored"
)

// What Start does with an app whose name is taken.
const (
	ExistingRestart = "restart"
	ExistingReload  = "reload"
	ExistingRefuse  = "refuse"
	ExistingAdd     = "add"
)

// Actions of Act, Control and LogControl.
const (
	ActionStart   = "start"
	ActionRestart = "restart"
	ActionStop    = "stop"
	ActionDelete  = "delete"
	ActionReset   = "reset"
	ActionReload  = "reload"
	ActionSignal  = "signal"
	ActionScale   = "scale"
	ActionSend    = "send"
	ActionKill    = "kill"
	ActionFlush   = "flush"
	ActionReopen  = "reopen"

	ActionSettings = "settings"
	ActionLeave    = "leave"
	ActionUpdate   = "update"
	ActionJoin     = "join"
	ActionDetach   = "detach"
)

// Streams of a LogSource.
const (
	StreamOut  = "out"
	StreamErr  = "err"
	StreamHubd = "hubd"
	StreamLog  = "log" // both streams of an app (log_file)
)

// TargetHubd is the target of Logs that means the daemon's own log.
const TargetHubd = "hubd"

// Row is a line of the process table.
type Row struct {
	ID        int     `json:"id"`
	Name      string  `json:"name"`
	Namespace string  `json:"namespace"`
	Version   string  `json:"version"`
	Instance  int     `json:"instance"`
	Mode      string  `json:"mode"`   // "fork"
	PID       int     `json:"pid"`    // 0 when down
	Uptime    int64   `json:"uptime"` // milliseconds, 0 unless it runs
	Restarts  int     `json:"restarts"`
	Status    string  `json:"status"`
	NotReady  bool    `json:"not_ready"` // online although it never said ready
	CPU       float64 `json:"cpu"`       // percent of one core
	Memory    int64   `json:"memory"`    // bytes, whole tree
	User      string  `json:"user"`
	Watching  bool    `json:"watching"`
}

// Host is what the machine is doing.
type Host struct {
	CPU         float64   `json:"cpu"` // percent of all cores
	MemoryUsed  int64     `json:"memory_used"`
	MemoryTotal int64     `json:"memory_total"`
	Load        []float64 `json:"load"` // over 1, 5 and 15 minutes
}

// Monit is what a process uses: bytes, and percent of one core.
type Monit struct {
	Memory int64   `json:"memory"`
	CPU    float64 `json:"cpu"`
}

// Process is an element of jlist.
type Process struct {
	PID    int     `json:"pid"` // 0 when down
	Name   string  `json:"name"`
	PMID   int     `json:"pm_id"`
	Monit  Monit   `json:"monit"`
	PM2Env PM2Env  `json:"pm2_env"`
	Hub    *Detail `json:"hub,omitempty"`
}

// PM2Env is the state and the settings of an instance under PM2's names. The
// schema is constant: every key is always there, except exit_code, which PM2
// has only after the first exit. Env is always empty: values may be secrets.
type PM2Env struct {
	Name             string            `json:"name"`
	Namespace        string            `json:"namespace"`
	PMID             int               `json:"pm_id"`
	UniqueID         string            `json:"unique_id"`
	Username         string            `json:"username"`
	Version          string            `json:"version"`
	Status           string            `json:"status"`
	PMUptime         int64             `json:"pm_uptime"`  // ms since the epoch of the last launch
	CreatedAt        int64             `json:"created_at"` // ms since the epoch
	RestartTime      int               `json:"restart_time"`
	UnstableRestarts int               `json:"unstable_restarts"`
	ExitCode         *int              `json:"exit_code,omitempty"`
	PrevRestartDelay int64             `json:"prev_restart_delay"` // ms
	ExecPath         string            `json:"pm_exec_path"`
	Cwd              string            `json:"pm_cwd"`
	Interpreter      string            `json:"exec_interpreter"`
	ExecMode         string            `json:"exec_mode"` // "fork_mode"
	Args             []string          `json:"args"`
	NodeArgs         []string          `json:"node_args"`
	Instances        int               `json:"instances"`
	InstanceNumber   int               `json:"instance_number"` // jlist has it under the name in instance_var
	InstanceVar      string            `json:"instance_var"`
	OutLogPath       string            `json:"pm_out_log_path"`
	ErrLogPath       string            `json:"pm_err_log_path"`
	LogPath          string            `json:"pm_log_path,omitempty"` // only with log_file, as in PM2
	PidPath          string            `json:"pm_pid_path"`
	Env              map[string]string `json:"env"`
	Watch            bool              `json:"watch"`
	Autostart        bool              `json:"autostart"`
	Autorestart      bool              `json:"autorestart"`
	MergeLogs        bool              `json:"merge_logs"`
	DisableLogs      bool              `json:"disable_logs"`
	LogDateFormat    string            `json:"log_date_format"`
	LogType          string            `json:"log_type"` // "json" or ""
	StopExitCodes    []int             `json:"stop_exit_codes"`
	MaxRestarts      int               `json:"max_restarts"`
	MinUptime        spec.Duration     `json:"min_uptime"`
	RestartDelay     spec.Duration     `json:"restart_delay"`
	ExpBackoff       spec.Duration     `json:"exp_backoff_restart_delay"`
	MaxMemory        spec.Size         `json:"max_memory_restart"`
	KillTimeout      spec.Duration     `json:"kill_timeout"`
	KillSignal       spec.Signal       `json:"kill_signal"`
	WaitReady        bool              `json:"wait_ready"`
	ListenTimeout    spec.Duration     `json:"listen_timeout"`
	OnListenTimeout  string            `json:"on_listen_timeout"`
	ShutdownMessage  bool              `json:"shutdown_with_message"`
	Reload           string            `json:"reload"` // "overlap" or ""
	Listen           []string          `json:"listen"` // addresses as in a file; name=address where the socket has a name
	IPC              bool              `json:"ipc"`
	Notify           bool              `json:"notify"`
	Treekill         bool              `json:"treekill"`
	Vizion           bool              `json:"vizion"`
	PMX              bool              `json:"pmx"`
	Automation       bool              `json:"automation"`
	WindowsHide      bool              `json:"windowsHide"`
	KillRetryTime    int64             `json:"kill_retry_time"` // ms
	FilterEnv        []string          `json:"filter_env"`
}

// Detail is hub's own view of an instance, for describe.
type Detail struct {
	UUID       string `json:"uuid"`
	Generation int    `json:"generation"` // launches so far
	File       string `json:"file"`       // ecosystem file, or empty
	EnvName    string `json:"env_name"`   // of --env, or empty
	// DefaultNamespace is what --namespace gave, for when the file names none.
	DefaultNamespace string   `json:"default_namespace"`
	Command          []string `json:"command"` // what is executed
	Want             string   `json:"want"`    // "up" or "down"
	NotReady         bool     `json:"not_ready"`
	AppStatus        string   `json:"app_status"` // the app's own STATUS= (sd_notify(3))
	LastExit         string   `json:"last_exit"`  // reason in words, or empty
	MemoryPeak       int64    `json:"memory_peak"`
	Tree             int      `json:"tree"` // processes of the tree
	Events           []Event  `json:"events"`
}

// Event is something that happened to an instance.
type Event struct {
	Time     int64  `json:"time"` // ms since the epoch
	ID       int    `json:"id"`   // -1: the daemon
	Name     string `json:"name"`
	Instance int    `json:"instance"`
	Kind     string `json:"kind"`
	Status   string `json:"status"`
	PID      int    `json:"pid"`
	Reason   string `json:"reason"`
}

// Result is what became of one instance.
type Result struct {
	ID       int      `json:"id"` // -1 where there is no instance
	Name     string   `json:"name"`
	Instance int      `json:"instance"`
	Status   string   `json:"status"`
	PID      int      `json:"pid"`
	Error    string   `json:"error"` // empty for success
	Hint     string   `json:"hint"`
	Warnings []string `json:"warnings"`
	Stderr   []string `json:"stderr"`
	Changed  []string `json:"changed"` // keys
}

// LogSource is a file that log lines come from.
type LogSource struct {
	Path   string `json:"path"`
	Stream string `json:"stream"`
	ID     int    `json:"id"` // -1: shared by several instances, or the daemon's
	Name   string `json:"name"`
	// Position is where the first line begins that is read of it.
	Position int64 `json:"position"`
}

// LogLine is a line of a log file, without its line break.
type LogLine struct {
	Source   int    `json:"source"`
	Position int64  `json:"position"`
	Text     string `json:"text,omitempty"`
	Base64   []byte `json:"base64,omitempty"`  // instead of Text where that is not UTF-8
	Partial  bool   `json:"partial,omitempty"` // the line goes on, or has no end yet

	// What follows is there where the call had a stamp; Text is then the message
	// alone.
	Timestamp string  `json:"timestamp,omitempty"` // the line's own, or when it was read; empty: unknown
	From      *Origin `json:"from,omitempty"`      // what the line itself says (log_type json)
}

// Origin says which app wrote a line.
type Origin struct {
	Stream string `json:"stream"`
	ID     int    `json:"id"`
	Name   string `json:"name"`
}

// Bytes returns the line as it stands in the file.
func (l *LogLine) Bytes() []byte {
	if l.Base64 != nil {
		return l.Base64
	}
	return []byte(l.Text)
}

// Stray is a process that came from an app, nobody can say from which, or from one
// that is gone.
type Stray struct {
	PID     int    `json:"pid"`
	Command string `json:"command"` // name of the program, 15 bytes at most
	Started int64  `json:"started"` // ms since the epoch
}

// SavedApp is an app of the saved list.
type SavedApp struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Instances int    `json:"instances"`
	Want      string `json:"want"`
	Script    string `json:"script"`
}
