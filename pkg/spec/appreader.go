package spec

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// entry is one key as it stands in a file or on a command line.
type entry struct {
	label string // as the user wrote it, for messages
	key   string
	line  int
	value *value
}

// appReader checks the keys of one app, each by itself.
type appReader struct {
	app     App
	local   report          // its problems get the app's name at the end
	refused map[string]bool // canonical keys whose value was wrong
	unknown []entry
}

// readApp reads one app. index counts from 0 and names an app that has neither
// a name nor a script.
func readApp(r *report, index, line int, entries []entry) App {
	a := appReader{
		app:     App{Line: line, settings: map[string]setting{}, sections: map[string]setting{}},
		refused: map[string]bool{},
	}
	for _, e := range entries {
		a.entry(e)
	}
	a.name()
	label := cmp.Or(a.app.Name, "#"+strconv.Itoa(index+1))
	for _, p := range a.local.problems {
		p.App = label
		r.fail(p)
	}
	for _, p := range a.local.warnings {
		p.App = label
		r.warn(p)
	}
	for _, e := range a.unknown {
		if len(r.unknown) > maxProblems {
			break // looking for the nearest key takes time
		}
		r.dropped(Problem{App: label, Line: e.line, Key: e.label, Message: unknownKey(e.key)})
	}
	return a.app
}

func (a *appReader) fail(e entry, format string, args ...any) {
	a.local.fail(Problem{Line: e.line, Key: e.label, Message: fmt.Sprintf(format, args...)})
}

func (a *appReader) warn(e entry, format string, args ...any) {
	a.local.warn(Problem{Line: e.line, Key: e.label, Message: fmt.Sprintf(format, args...)})
}

// entry checks one key.
func (a *appReader) entry(e entry) {
	known, ok := spellings()[e.key]
	if ok && e.value.kind == null && slices.Contains(known.key.nulls, e.value.text) {
		e.value = &value{kind: text, line: e.value.line, text: e.value.text}
	}
	switch {
	case ok && e.value.empty():
		// An empty value counts as not given.
	case ok:
		a.known(e, known)
	case strings.HasPrefix(e.key, "env_") && (e.value.kind == object || hints[e.key] == ""):
		a.section(e)
	default:
		a.unknown = append(a.unknown, e)
	}
}

func (a *appReader) known(e entry, as spelling) {
	key := as.key
	if key.State == Later && key.isInactive(e.value) {
		return
	}
	if key.State == NoEffect { // whatever its type: nothing hangs on it
		a.warn(e, "has no effect. %s", key.Meaning)
		return
	}
	read, err := key.check(e.value)
	switch {
	case err != nil:
		a.refused[key.Name] = true
		a.fail(e, "%s", err)
	case key.State == Later:
		a.fail(e, "found %s; this comes in a later release of hub, so leave it out for now", e.value.describe())
	default:
		a.set(e, key, setting{e.label, e.line, as.rank, read})
	}
}

// set keeps the strongest spelling of a key.
func (a *appReader) set(e entry, key *Key, s setting) {
	if key.Name == "env" {
		a.environment(e)
	}
	old, twice := a.app.settings[key.Name]
	if twice && old.rank < s.rank {
		old, s = s, old
	}
	if twice {
		a.warn(entry{label: old.label, line: old.line}, "is ignored, since %s is given too and counts", s.place())
	}
	a.app.settings[key.Name] = s
}

// section keeps an env_<name> object.
func (a *appReader) section(e entry) {
	switch {
	case e.value.kind == null:
	case e.value.kind != object:
		a.fail(e, "%s", wrongEnv(e.value))
	default:
		a.environment(e)
		a.app.sections[strings.TrimPrefix(e.key, "env_")] = setting{e.label, e.line, 0, e.value}
	}
}

// environment checks the names and values of an env object.
func (a *appReader) environment(e entry) {
	for _, f := range e.value.fields {
		name, rest, assigned := strings.Cut(f.key, "=")
		if assigned && rest != "" {
			name += "=…" // NAME=value as a name: the value may be a secret
		}
		inner := entry{label: e.label + "." + name, line: f.line}
		if err := checkVariable(f.key, f.value.text); err != nil {
			a.fail(inner, "%s", err)
		}
	}
}

// checkVariable checks one environment variable (environ(7)).
func checkVariable(name, text string) error {
	switch {
	case name == "":
		return fmt.Errorf("found an empty name; want a name such as PORT")
	case strings.Contains(name, "="):
		before, _, _ := strings.Cut(name, "=")
		return fmt.Errorf("found a name with =; want %s and its value apart", quoted(before))
	case strings.ContainsRune(name, 0):
		return fmt.Errorf("found the name %s; want one without NUL bytes", quoted(name))
	case strings.ContainsRune(text, 0):
		return errors.New("found a NUL byte in the value; want none") // the value may be a secret
	}
	return nil
}

// name settles the app's name and that there is a script.
func (a *appReader) name() {
	if !a.app.has("script") && !a.refused["script"] {
		a.local.fail(Problem{Line: a.app.Line, Key: "script", Message: "is missing; want the program to run"})
	}
	declared := a.app.has("name")
	a.app.Name = given(&a.app, "name", defaultName(given(&a.app, "script", "")))
	if script := given(&a.app, "script", ""); script != "" && strings.TrimSpace(script) == "" {
		a.local.fail(a.app.problem("script", "found only white space; want the program to run"))
	}
	if a.app.Name == "" || a.refused["name"] {
		return
	}
	err := checkName(a.app.Name)
	switch {
	case err != nil && declared:
		a.local.fail(a.app.problem("name", err.Error()))
	case err != nil:
		a.local.fail(a.app.problem("script", fmt.Sprintf("no name is given, and the one from the script won't do: %s", err)))
	}
}
