// Package ipc is the wires to a child: Node's message channel and the
// sd_notify socket, seen from the parent's side.
//
// The package starts no goroutine. Everything that arrives is read on the
// goroutine of the epoll.Loop given to the constructor, a bounded amount for
// each wake-up, and handlers run there too: a handler must not block, because
// the same loop learns of exits. Send, Disconnect and Close may be called from
// any goroutine, a handler included.
//
// Descriptors that a child sends along are never wanted here. No room for
// ancillary data is offered when reading, so the kernel closes them: "if the
// buffer […] is too small (or is absent), then the ancillary data is truncated
// (or discarded) and the excess file descriptors are automatically closed"
// (unix(7)). There is nothing to leak, and none counts against our limit.
package ipc
