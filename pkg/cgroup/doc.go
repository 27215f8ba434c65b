// Package cgroup is folders of the kernel's cgroup hierarchy of version 2
// (cgroups(7)), a group for each member of a tree. A process that is born in a
// group stays in it whatever becomes of its parent, session and environment.
//
// Groups are made below the one that this process is in, so that who made that
// one, such as systemd, goes on to see everything as its own. No controller is
// ever enabled: with one enabled and processes below, systemd could start
// nothing in its own unit any more (EBUSY). Groups have no limits and no
// figures then; they say what belongs together.
//
// A group needs no privilege beyond the right to write to the folder; where
// that is missing Open says so, and the caller goes on without.
package cgroup
