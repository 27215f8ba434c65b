package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/proc"
)

// revive starts a daemon where none answers although apps of one still run: it
// takes them over. Without such apps it is up to the command whether it needs a
// daemon.
func (c *ctl) revive(ctx context.Context) error {
	if !c.outlived() {
		return api.ErrNotRunning
	}
	return c.startDaemon(ctx)
}

// reviveAny is revive for who ends all apps: an app that waits for its restart is
// on record as well, although no process of it runs.
func (c *ctl) reviveAny(ctx context.Context) error {
	if len(c.records()) == 0 {
		return api.ErrNotRunning
	}
	return c.startDaemon(ctx)
}

// records returns the paths of the daemon's records, one for each instance.
func (c *ctl) records() []string {
	entries, err := os.ReadDir(filepath.Join(c.Home, "run"))
	if err != nil {
		return nil
	}
	var paths []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".json" {
			paths = append(paths, filepath.Join(c.Home, "run", e.Name()))
		}
	}
	return paths
}

// outlived reports whether an app still runs of which a record tells. A record
// that can't be read tells of none.
func (c *ctl) outlived() bool {
	paths := c.records()
	if len(paths) == 0 {
		return false
	}
	for _, path := range paths {
		for _, id := range processesOf(path) {
			if p, err := proc.Open(id); err == nil {
				p.Close()
				return true
			}
		}
	}
	return false
}

// processesOf returns the processes that a record names. hubctl reads no more of it
// than it needs to know whether somebody is left.
func processesOf(path string) []proc.Identity {
	type launch struct {
		Process *proc.Identity `json:"process"`
	}
	var record struct {
		launch
		Beside []launch `json:"beside"`
	}
	text, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(text, &record) != nil {
		return nil
	}
	var all []proc.Identity
	for _, l := range append(record.Beside, record.launch) {
		if l.Process != nil {
			all = append(all, *l.Process)
		}
	}
	return all
}
