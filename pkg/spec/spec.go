package spec

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Spec is everything that is needed to launch the instances of one app:
// resolved, with every default filled in, and never changed afterwards. A zero
// value therefore means zero, never "not given".
//
// It travels over the control API and is stored under HUB_HOME; the JSON names
// are PM2's canonical keys. All paths are absolute and clean.
type Spec struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	// File is the ecosystem file that declared the app; empty for an app that
	// was started from the command line.
	File string `json:"file,omitempty"`
	// EnvName is the env_<name> section that was chosen with --env.
	EnvName string `json:"env_name,omitempty"`
	// DefaultNamespace is what --namespace gave: it counts whenever the file
	// names no namespace.
	DefaultNamespace string `json:"default_namespace,omitempty"`
	// Username is the user who asked for the app, for display only.
	Username string `json:"username"`
	// Version is the "version" of the nearest package.json above the script,
	// or "N/A".
	Version string `json:"version"`

	// Script is the absolute path of the program or script. When Shell is set
	// it is the text of a command line instead.
	Script string `json:"script"`
	// Shell: Script is a command line and is run as bash -c (sh -c where there
	// is no bash).
	Shell bool `json:"shell,omitempty"`
	// Interpreter is stored as written ("node", an absolute path) and looked up
	// in the app's PATH at each launch; "none" executes the script itself.
	Interpreter     string   `json:"exec_interpreter"`
	InterpreterArgs []string `json:"node_args,omitempty"`
	Args            []string `json:"args,omitempty"`
	Cwd             string   `json:"cwd"`

	Instances int `json:"instances"`
	// ExecMode is always "fork" for now.
	ExecMode    string `json:"exec_mode"`
	InstanceVar string `json:"instance_var"`

	// Env is what the file adds to the base environment: env, env_<name> and
	// port. Values are already text.
	Env map[string]string `json:"env,omitempty"`

	// OutFile and ErrorFile are the paths as declared or derived from the name;
	// use LogPath for the file of one instance. "/dev/null" switches a stream off.
	OutFile   string `json:"out_file"`
	ErrorFile string `json:"error_file"`
	// PidFile is the path as declared or derived; use PidPath.
	PidFile string `json:"pid_file"`
	// LogFile gets the lines of both streams, in the order in which they were
	// read; empty for none. It is numbered as the others are.
	LogFile string `json:"log_file,omitempty"`
	// LogType is LogTypeJSON for a JSON object a line, else empty.
	LogType string `json:"log_type,omitempty"`
	// MergeLogs: all instances write to the same two files; else the instance
	// number goes in front of ".log".
	MergeLogs bool `json:"merge_logs"`
	// SharedLogs: merge_logs was given as true, so that other apps that say so
	// too may write to the same files.
	SharedLogs bool `json:"shared_logs,omitempty"`
	// DisableLogs: output is read and dropped.
	DisableLogs bool `json:"disable_logs"`
	// LogDateFormat is the stamp of each line in moment/day.js tokens; empty
	// writes the bytes as they came.
	LogDateFormat string `json:"log_date_format"`

	Autostart   bool `json:"autostart"`
	Autorestart bool `json:"autorestart"`
	// StopExitCodes are exit codes (never signals) after which the app is not
	// started again.
	StopExitCodes []int `json:"stop_exit_codes,omitempty"`
	// MaxRestarts is the number of consecutive unstable exits that ends in
	// errored; 0 and 1 both mean after the first.
	MaxRestarts int `json:"max_restarts"`
	// MinUptime: an exit before it is unstable; 0 means that every exit counts
	// as stable.
	MinUptime       Duration `json:"min_uptime"`
	RestartDelay    Duration `json:"restart_delay"`
	ExpBackoff      Duration `json:"exp_backoff_restart_delay"`
	MaxMemory       Size     `json:"max_memory_restart"`
	KillTimeout     Duration `json:"kill_timeout"`
	KillSignal      Signal   `json:"kill_signal"`
	WaitReady       bool     `json:"wait_ready"`
	ListenTimeout   Duration `json:"listen_timeout"`
	OnListenTimeout string   `json:"on_listen_timeout"` // "warn" or "fail"
	// IPC: the child gets a Node-compatible channel (resolved from the key ipc
	// and from what the program is).
	IPC bool `json:"ipc"`
	// Notify: the child gets a NOTIFY_SOCKET (resolved from notify and wait_ready).
	Notify bool `json:"notify"`
	// Reload is ReloadOverlap where the next process may run beside the old one,
	// else empty.
	Reload string `json:"reload,omitempty"`
	// Listen are sockets that are opened for the app: descriptors from 3 on of each
	// of its processes, in this order.
	Listen []Listener `json:"listen,omitempty"`
	// ShutdownWithMessage: "shutdown" over the IPC channel instead of KillSignal.
	ShutdownWithMessage bool `json:"shutdown_with_message,omitempty"`
	// NullStdin: descriptor 0 is /dev/null instead of a pipe.
	NullStdin bool `json:"null_stdin,omitempty"`
}

// LogTypeJSON is the value of LogType that makes a JSON object of each line.
const LogTypeJSON = "json"

// ReloadOverlap is the value of Reload that lets two processes of an instance
// run at once.
const ReloadOverlap = "overlap"

// LogPath returns the file that an instance writes base (OutFile, ErrorFile or
// LogFile) to: base itself for merged logs, else with "-<instance>" before ".log". A
// path that does not end in ".log" is shared by all instances, as in PM2.
func (s *Spec) LogPath(base string, instance int) string {
	if s.MergeLogs || base == devNull {
		return base
	}
	if stem, ok := strings.CutSuffix(base, ".log"); ok {
		return stem + "-" + strconv.Itoa(instance) + ".log"
	}
	return base
}

// LogPaths returns the files that an instance writes to, each once.
func (s *Spec) LogPaths(instance int) []string {
	var paths []string
	if s.DisableLogs {
		return nil
	}
	for _, base := range []string{s.OutFile, s.ErrorFile, s.LogFile} {
		path := s.LogPath(base, instance)
		if base != "" && base != devNull && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// PidPath returns the pid file of the instance with the given pm_id: PM2 puts
// the id before ".pid", replacing a number that is there already.
func (s *Spec) PidPath(pmID int) string {
	stem := strings.TrimSuffix(s.PidFile, ".pid")
	if at := strings.LastIndexByte(stem, '-'); at > strings.LastIndexByte(stem, filepath.Separator) {
		if _, err := strconv.Atoi(stem[at+1:]); err == nil {
			stem = stem[:at]
		}
	}
	return stem + "-" + strconv.Itoa(pmID) + ".pid"
}

// Duration is a time span that is written as a whole number of milliseconds in
// JSON, as in PM2's own files.
type Duration time.Duration

// MarshalJSON writes whole milliseconds.
func (d Duration) MarshalJSON() ([]byte, error) {
	return strconv.AppendInt(nil, time.Duration(d).Milliseconds(), 10), nil
}

// UnmarshalJSON reads a whole number of milliseconds.
func (d *Duration) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return err
	}
	*d = Duration(time.Duration(n) * time.Millisecond)
	return nil
}

// Std returns the span as a time.Duration.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// Size is a number of bytes.
type Size int64
