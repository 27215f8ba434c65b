// Package daemon puts hubd together: the home, the loops, the supervisor and
// the control socket. It is the only place where a supervise.Status becomes an
// api type (view.go).
//
// Goroutines: the two epoll loops, one that accepts connections, one for each
// connection, one for each log file that a connection follows. Those of a
// connection end with it; what a request has set going does not.
package daemon
