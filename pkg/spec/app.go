package spec

import "fmt"

// App is one app as it was written: its keys checked one by one, nothing
// resolved yet.
type App struct {
	// Name is the declared name, or the one derived from the script.
	Name string
	// Line is where the app begins in its file; 0 on the command line.
	Line int

	settings map[string]setting // by canonical key
	sections map[string]setting // env_<name> by its name; values are objects
}

// setting is one key that was given.
type setting struct {
	label string // the key as written, or the flag
	line  int
	rank  int // of the spelling; a lower one wins
	value any // as the key's Type reads it
}

// place says where the key was given.
func (s setting) place() string {
	if s.line == 0 {
		return s.label
	}
	return fmt.Sprintf("%s (line %d)", s.label, s.line)
}

// given returns what a key was set to, or fallback if it was not given.
func given[T any](a *App, key string, fallback T) T {
	if s, ok := a.settings[key]; ok {
		return s.value.(T)
	}
	return fallback
}

// has reports whether the key was given.
func (a *App) has(key string) bool {
	_, ok := a.settings[key]
	return ok
}

// problem is about a key of the app; the line is the app's if the key was not
// given.
func (a *App) problem(key, message string) Problem {
	p := Problem{App: a.Name, Line: a.Line, Key: key, Message: message}
	if s, ok := a.settings[key]; ok {
		p.Key = s.label
		if s.line > 0 {
			p.Line = s.line
		}
	}
	return p
}
