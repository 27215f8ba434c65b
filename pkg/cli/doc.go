// Package cli is hubctl: it reads the command line, asks the daemon through
// pkg/api, and prints.
//
// A command is one file. Only the command that is called is built, with its
// flags, because a process manager's list is typed all day and each
// constructor costs start-up time; the whole tree is built for help and
// completion alone.
//
// What scripts read goes to stdout; errors, warnings and what is only worth
// saying to a person go to stderr. The exit code is 0 for success, 1 for any
// failure and 130 for a command that was interrupted while it waited.
//
// The package starts goroutines only while a command waits for a daemon that
// it has started.
package cli
