package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"

	"github.com/leadmaster/hub/pkg/api"
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

// recorded is a process as the daemon's records name it. hubctl reads no more of
// them than it needs to know whether somebody is left.
type recorded struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // field 22 of proc_pid_stat(5)
	Boot  string `json:"boot"`  // the kernel's boot id
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
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return false
	}
	boot := string(bytes.TrimSpace(id))
	for _, path := range paths {
		for _, p := range processesOf(path) {
			if p.Boot == boot && p.lives() {
				return true
			}
		}
	}
	return false
}

// processesOf returns the processes that a record names.
func processesOf(path string) []recorded {
	type launch struct {
		Process *recorded `json:"process"`
	}
	var record struct {
		launch
		Beside []launch `json:"beside"`
	}
	text, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(text, &record) != nil {
		return nil
	}
	var all []recorded
	for _, l := range append(record.Beside, record.launch) {
		if l.Process != nil {
			all = append(all, *l.Process)
		}
	}
	return all
}

// lives reports whether the pid still belongs to the process, and that has not
// ended.
func (p *recorded) lives() bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(p.PID) + "/stat")
	if err != nil {
		return false
	}
	// The name, field 2, is in brackets and may hold any byte but a NUL.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const state, start = 0, 19 // fields 3 and 22
	if len(fields) <= start || len(fields[state]) == 0 {
		return false
	}
	ended := fields[state][0] == 'Z' || fields[state][0] == 'X'
	began, err := strconv.ParseUint(string(fields[start]), 10, 64)
	return err == nil && !ended && began == p.Start
}
