package main

import (
	"io"
	"testing"
)

// The daemon has to understand its arguments as whoever passed them on did, whatever
// they look like.
func TestDaemonArgs(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		nil,
		{"--ready-fd", "3"},
		{"-config", "eco.yaml", "-ready-fd=3", "--env", "production"},
		{"--resurrect"},
		{"--env", "ready-fd", "--config", "--kept"},
	} {
		want, err := parse(args, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parse(want.daemonArgs(), io.Discard)
		want.readyFD = -1
		if err != nil || got != want {
			t.Errorf("%q: the daemon has %+v (%v), want %+v", args, got, err, want)
		}
	}
}
