// Package proc is one Linux process: starting it, telling it apart from all
// others, signalling it and learning its end. It knows nothing of apps.
//
// A process is held by its pidfd (pidfd_open(2)), never by its number alone,
// so a recycled pid is never signalled. Nothing here assumes that the process
// is a child of this one, except where it says so.
//
// The package starts no goroutine.
package proc
