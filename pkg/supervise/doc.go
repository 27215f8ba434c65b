// Package supervise keeps instances of apps in the state that is wanted.
//
// Each instance is one goroutine (instance.go) that owns a pure state machine
// (machine.go): an event goes in, effects come out. Others send it messages or
// read its last published Status. The registry (registry.go) knows which
// instances there are and gives out ids.
//
// Everything that belongs to one launch of an app carries its generation, and
// what arrives with an old one is dropped: a late exit, timer or ready message
// can't touch the launch after it.
//
// Goroutines: one for each instance, ending when it is deleted; one that looks
// at memory while an app has a limit. Both end with Supervisor.Close.
package supervise
