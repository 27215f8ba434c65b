package settings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
)

// Key describes one setting.
type Key struct {
	Name    string
	Value   string // what it takes, for people
	Default string // as text; empty for none
	Meaning string
	// Daemon tells a setting of the daemon itself from a default for apps.
	Daemon bool
}

const (
	memoryInterval = "memory_interval"

	// DefaultMemoryInterval is how often the memory of apps with a limit is
	// looked at.
	DefaultMemoryInterval = 2 * time.Second
	// leastMemoryInterval bounds what looking costs: one look reads all of
	// /proc.
	leastMemoryInterval = 500 * time.Millisecond
)

// Keys returns all settings in the order of the reference.
func Keys() []Key {
	var keys []Key
	for _, k := range spec.DefaultKeys() {
		value := k.Type.String()
		if len(k.Choices) > 0 {
			value = strings.Join(k.Choices, " or ")
		}
		keys = append(keys, Key{Name: k.Name, Value: value, Default: k.Default, Meaning: k.Meaning})
	}
	return append(keys, Key{
		Name: memoryInterval, Value: "time", Default: spec.Duration(DefaultMemoryInterval).String(), Daemon: true,
		Meaning: "How often the memory of apps with max_memory_restart is looked at; at least " + spec.Duration(leastMemoryInterval).String() + ".",
	})
}

// Lookup returns the setting of that name. The error is a message that names
// the nearest one.
func Lookup(name string) (Key, error) {
	keys := Keys()
	if n := slices.IndexFunc(keys, func(k Key) bool { return k.Name == name }); n >= 0 {
		return keys[n], nil
	}
	names := make([]string, len(keys))
	for n, k := range keys {
		names[n] = k.Name
	}
	if near := spec.Nearest(name, names); near != "" {
		return Key{}, fmt.Errorf("unknown setting; did you mean %q?", near)
	}
	return Key{}, fmt.Errorf("unknown setting; want one of %s", strings.Join(names, ", "))
}
