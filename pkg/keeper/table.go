package keeper

// Protocol is the number of the protocol between the keeper and the daemon, and
// of the tables that they pass on. It grows with each addition; what is there
// never changes its meaning, and what one side does not know it skips.
const Protocol = 2

// Table is what a process passes on to the one that it starts or becomes: the
// keeper to each daemon, a daemon to the keeper or the daemon that it becomes.
// Descriptors are inherited under the numbers that stand in it.
type Table struct {
	Protocol int
	// Keeper is the pid of the keeper, for a daemon: if that is not its parent,
	// the keeper is dead.
	Keeper int
	// Hubd and Program are the absolute paths of hubd and hub-keeper.
	Hubd, Program string
	// Args are hubd's arguments as the first one was started with.
	Args []string
	// Socket is the daemon's end of the socket between the two, or -1: whoever
	// becomes the keeper makes a new pair.
	Socket int
	// Lock is the locked file of the home.
	Lock int
	// Ready is where the first daemon says that it is ready, or -1.
	Ready int
	// Answered says that a daemon of this home has answered before.
	Answered bool
	// NextReport is the number of the keeper's next report.
	NextReport uint64
	Held       []Held
	// Daemon is the pid of a daemon that lives, for a keeper that becomes the next
	// keeper: Socket is then the keeper's end. 0: the daemon is to be started.
	Daemon int
	// Serving says that this very daemon has answered.
	Serving bool
	// Ending says that the daemon has announced its end.
	Ending bool
	// Stop is the signal that is to end the daemon as soon as one answers, or 0.
	Stop int
	// Strays are children of the keeper that have ended before anybody has told
	// what launch they belong to.
	Strays []Stray
}

// Held is what the keeper holds of one launch, or of something else that must
// outlive the daemon.
type Held struct {
	// Key names it: "<uuid>:<generation>" for a launch, else APIKey or ListenKey.
	Key   string
	Files []File
	// PID is the main process, 0 before the fork was announced and after the
	// daemon has reaped it.
	PID int
	// Reaped says that the end of the main process is on record. Without it and
	// without a PID the launch is in the air: its fork was not announced.
	Reaped bool
	// Read and Unsent are, where a daemon becomes another program, what it has of
	// messages on the IPC channel: bytes without their end, and bytes that the app
	// has not taken.
	Read, Unsent []byte
	// Exit is how the main process ended, if the keeper has reaped it and the
	// daemon has not acknowledged that.
	Exit *Exit
}

// File is a descriptor and what it is.
type File struct {
	Name string
	FD   int
}

// Names of the files of a launch: the daemon's ends of its wires and the pidfd
// of its main process; Listener is that of the control socket (key APIKey).
const (
	Out      = "out"
	Err      = "err"
	Channel  = "channel"
	Notify   = "notify"
	PidFD    = "pidfd"
	Listener = "listener"
)

// Keys of what is no launch, and has no colon therefore.
const (
	// APIKey is that of the control socket.
	APIKey = "api"
	// ListenKey is that of the sockets of apps, which belong to no launch. The name of
	// each is its address. Since protocol 2.
	ListenKey = "listen"
)

// Activate is the first argument with which hub-keeper is no keeper, but becomes an
// app that is passed sockets. Since protocol 2.
const Activate = "--listen"

// What the two agree upon then: the byte that it writes before it executes the app's
// program, and what is in front of the names of variables that are not for itself.
const (
	ShimAlive  = 'x'
	ShimPrefix = "HUB_APP_"
)

// Exit is a report: how a process ended that the keeper has reaped.
type Exit struct {
	Report uint64 // its number, which the daemon acknowledges
	Status uint32 // in the form of wait(2)
}

// Stray is a process that has ended as a child of the keeper.
type Stray struct {
	PID     int
	Session int    // its session id; its own pid for a session's leader
	Start   uint64 // start time in clock ticks since boot (field 22 of proc_pid_stat(5))
	Status  uint32 // in the form of wait(2)
}
