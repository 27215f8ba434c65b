package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/leadmaster/hub/pkg/api"
)

// seenTargets is what the targets of a command that only looks mean to the
// daemon: files and scripts are replaced.
func (c *ctl) seenTargets(ctx context.Context, args []string) ([]string, error) {
	var targets []string
	for _, arg := range args {
		if !isFile(arg) {
			targets = append(targets, arg)
			continue
		}
		names, err := c.listedApps(ctx, arg)
		if err != nil {
			return nil, err
		}
		if len(names) == 0 { // without any target all would be meant
			return nil, hint(fmt.Errorf("no app of %s is in the list", fileLabel(arg)), "hubctl list shows what there is")
		}
		targets = append(targets, names...)
	}
	return c.scriptTargets(ctx, targets)
}

// scriptTargets puts the ids of instances in place of each target that is the
// path of their script, counted from the current directory; a name counts as
// well then, as in PM2. All other targets are left for the daemon, which cannot
// know our directory.
func (c *ctl) scriptTargets(ctx context.Context, targets []string) ([]string, error) {
	var all []api.Process
	out := make([]string, 0, len(targets))
	for _, target := range targets {
		path := c.scriptPath(target)
		if path == "" {
			out = append(out, target)
			continue
		}
		if all == nil {
			err := c.inTime(func(ctx context.Context) (err error) {
				all, err = c.client.Processes(ctx, false)
				return err
			})(ctx)
			if err != nil {
				return nil, err
			}
		}
		out = append(out, instancesOf(all, target, path)...)
	}
	return out, nil
}

// scriptPath returns the absolute path that a target may mean, or "" for one
// that can be no script.
func (c *ctl) scriptPath(target string) string {
	if target == "" || target == "all" || isPattern(target) || isNumber(target) {
		return ""
	}
	path := target
	if !filepath.IsAbs(path) {
		dir := c.Dir
		if dir == "" {
			var err error
			if dir, err = os.Getwd(); err != nil {
				return ""
			}
		}
		path = filepath.Join(dir, path)
	}
	if mayBeListed(target) {
		// A bare word is nearly always a name: look for a file before asking
		// for the whole list.
		if _, err := os.Stat(path); err != nil {
			return ""
		}
	}
	return filepath.Clean(path)
}

// isPattern tells a /regular expression/.
func isPattern(target string) bool {
	return len(target) > 2 && strings.HasPrefix(target, "/") && strings.HasSuffix(target, "/")
}

// instancesOf returns the ids of the instances that run a script or have the
// name; the target itself where none runs the script.
func instancesOf(all []api.Process, target, path string) []string {
	var ids []string
	found := false
	for i := range all {
		p := &all[i]
		if p.PM2Env.ExecPath == path {
			found = true
		} else if p.Name != target {
			continue
		}
		ids = append(ids, strconv.Itoa(p.PMID))
	}
	if !found {
		return []string{target}
	}
	return ids
}
