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
// A new daemon adopts what the one before has left: adopt.go registers the instances
// from their records (record.go, unrecorded.go), adoption.go knows what the keeper
// and the marks tell of launches, resume.go and reopen.go take the process and the
// wires of each, and adopted.go lets its machine go on. keeping.go is what the keeper
// is told meanwhile, ending.go how an exit becomes known, whoever's child it was, and
// freeze.go stops everything between two steps for a program that is to take over.
//
// Whose a process is that has left its app's tree is told by census.go, with
// lineage.go (parents, as they were seen), groups.go (cgroups) and the marks of package stats.
//
// Goroutines: one for each instance, ending when it is deleted; one that looks
// at memory while an app has a limit; one that writes what could not be written,
// until it could (unsaved.go). All end with Supervisor.Close. rounds.go looks at the
// processes every 30 s while an app has children.
package supervise
