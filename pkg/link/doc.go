// Package link is the daemon's end of the keeper's socket. Nothing in it blocks:
// what the socket does not take at once waits in a queue, in order, with
// duplicates of its descriptors, so that a keeper that hangs holds up no launch.
package link
