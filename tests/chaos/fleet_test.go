package chaos

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/leadmaster/hub/tests/chaos/account"
	"github.com/leadmaster/hub/tests/chaos/verify"
)

// app is an app of the test.
type app struct {
	name    string
	entry   entry
	steady  bool // nobody touches it: it must live from beginning to end
	crashes bool // it ends by itself, again and again
}

// fleet are the apps. Node is left out where there is none.
func (w *world) fleet() []app {
	crash := func(delay string) map[string]any {
		return map[string]any{"min_uptime": 0, "restart_delay": delay}
	}
	apps := []app{
		{name: "steady-go", steady: true, entry: w.inGo("-mixed -both -pause=8ms").with("log_file", true).with("listen", "unix:steady.sock")},
		{name: "steady-sh", steady: true, entry: w.inShell("0 0.05")},
		{name: "merged", entry: w.inGo("-mixed -both -halves").with("instances", 3).with("merge_logs", true)},
		{name: "json", entry: w.inGo("-mixed -halves").with("log_type", "json")},
		{name: "stamped", entry: w.inGo("-mixed -both").with("time", true).with("log_file", true)},
		{name: "overlap", entry: w.inGo("-both").with("instances", 2).with("listen", []string{"unix:one.sock", "unix:two.sock"})},
		{name: "shell", entry: w.inShell("0 0.1")},
		{name: "crash-go", crashes: true, entry: w.inGo("-mixed -both -life=400ms").with("instances", 2).with("listen", "unix:crash.sock").all(crash("80ms"))},
		{name: "crash-sh", crashes: true, entry: w.inShell("5 0.05").with("listen", "unix:shell.sock").all(crash("150ms"))},
		{name: "words", crashes: true, entry: w.inGo("-both -life=1ms").with("listen", "unix:words.sock").all(crash("200ms"))},
		{name: "brood", crashes: true, entry: w.inGo("-brood -life=500ms").all(crash("300ms"))},
	}
	if _, err := exec.LookPath("node"); err == nil {
		apps = append(apps,
			app{name: inNode, steady: true, entry: w.inNode()},
			app{name: "node", entry: w.inNode()})
	} else {
		w.t.Log("no node: its apps are left out")
	}
	return apps
}

// instances is how many the ecosystem file asks for.
func (a *app) instances() int {
	if n, ok := a.entry["instances"].(int); ok {
		return n
	}
	return 1
}

// entry is one of an ecosystem file.
type entry map[string]any

func (e entry) with(key string, value any) entry {
	e[key] = value
	return e
}

func (e entry) all(values map[string]any) entry {
	for key, value := range values {
		e[key] = value
	}
	return e
}

func (w *world) inGo(args string) entry { return entry{"script": built.child, "args": args} }

func (w *world) inShell(args string) entry { return entry{"script": w.script("app.sh"), "args": args} }

func (w *world) inNode() entry { return entry{"script": w.script("app.js")} }

func (w *world) script(name string) string {
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		w.t.Fatal(err)
	}
	return path
}

// declare writes the ecosystem file and returns its path.
func (w *world) declare(apps []app) string {
	w.t.Helper()
	var entries []entry
	for _, a := range apps {
		e := a.entry.with("name", a.name).with("kill_timeout", "8s").with("cwd", w.dir)
		entries = append(entries, e.with("env", map[string]string{account.BooksVar: w.books}))
	}
	data, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(w.dir, "apps.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// logs returns the log files that the app's processes may have, by hub's rules.
func (a *app) logs(home string, lives []*account.Life) (logs []verify.Log) {
	add := func(number int, insert string) {
		log := verify.Log{App: a.name, Number: number, JSON: a.entry["log_type"] == "json", Stamped: a.entry["time"] == true}
		base := filepath.Join(home, "logs", a.name)
		for stream, name := range map[string]string{account.Out: "-out", account.Err: "-error", "": ""} {
			if stream != "" || a.entry["log_file"] == true {
				log.Stream, log.Path = stream, base+name+insert+".log"
				logs = append(logs, log)
			}
		}
	}
	if _, several := a.entry["instances"]; !several || a.entry["merge_logs"] == true {
		add(-1, "")
		return logs
	}
	highest := 0
	for _, l := range lives {
		if l.App == a.name {
			highest = max(highest, l.Number)
		}
	}
	for n := range highest + 1 {
		add(n, "-"+strconv.Itoa(n))
	}
	return logs
}

// names returns the names of some apps.
func names(apps []app, which func(app) bool) (list []string) {
	for _, a := range apps {
		if which(a) {
			list = append(list, a.name)
		}
	}
	return list
}
