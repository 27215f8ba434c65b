// Package store is HUB_HOME: its paths and modes, the lock that makes one
// daemon of it, and the files in it, written so that a crash at any moment
// leaves the old content or the new.
//
//	hubd.sock   control socket, 0600
//	hubd.lock   held by the daemon
//	hubd.pid    decimal pid of the daemon that answers
//	hubd.log    the daemon's own log
//	state.json  home id, id counter
//	dump.json   the saved list, with dump.json.bak before it
//	specs/      specs and base environments by their hash
//	run/        a record for each instance, and notify sockets
//	logs/ pids/ of the apps
//
// The package starts no goroutine and knows nothing of what it stores.
package store
