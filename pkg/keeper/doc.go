// Package keeper is the protocol between hub-keeper and hubd: the messages on
// their socket, and the table that one process passes on to the next. The keeper
// is the daemon's parent. It holds a duplicate of each descriptor that must
// outlive a daemon, learns how processes ended that have lost their parent, and
// starts the next daemon.
//
// It is linked into hub-keeper, which is to stay small: it imports nothing but
// golang.org/x/sys and what that needs.
package keeper
