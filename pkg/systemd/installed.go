package systemd

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Installed is a unit of hub's that systemd knows.
type Installed struct {
	Manager
	Name string // "hubd.service"
	Path string // of its file
	Home string // HUB_HOME
	// Account is User=, "" for none.
	Account string
}

// folders are where unit files lie, the first ones before the others
// (systemd.unit(5)).
func (m Manager) folders() []string {
	if !m.User {
		return []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}
	}
	return []string{m.Folder(), "/etc/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user"}
}

// Folder is where an administrator's own unit files lie, or a user's.
func (m Manager) Folder() string {
	if !m.User {
		return "/etc/systemd/system"
	}
	config := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(config) {
		home, err := os.UserHomeDir()
		if err != nil {
			home = "/"
		}
		config = filepath.Join(home, ".config")
	}
	return filepath.Join(config, "systemd", "user")
}

// Find returns the unit whose daemon has that home, nil for none.
func (m Manager) Find(home string) *Installed {
	return m.findIn(m.folders(), home)
}

func (m Manager) findIn(folders []string, home string) *Installed {
	var seen []string // names that an earlier folder has; /dev/null there masks a unit
	for _, dir := range folders {
		paths, _ := filepath.Glob(filepath.Join(dir, "*.service")) // the pattern is well-formed
		for _, path := range paths {
			name := filepath.Base(path)
			if slices.Contains(seen, name) {
				continue
			}
			seen = append(seen, name)
			if i := m.Read(path); i != nil && i.Home == home {
				return i
			}
		}
	}
	return nil
}

// Shadows returns the file of that name in a folder behind the first, which a file in
// the first would replace, "" for none.
func (m Manager) Shadows(name string) string {
	for _, dir := range m.folders()[1:] {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); err == nil {
			return path
		}
	}
	return ""
}

// maxUnit is more than any unit file of ours has, in bytes.
const maxUnit = 64 << 10

// Read reads a unit file, and returns nil if it is none that starts hubd for a home.
func (m Manager) Read(path string) *Installed {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxUnit))
	if err != nil {
		return nil
	}
	i := &Installed{Manager: m, Name: filepath.Base(path), Path: path}
	ours := false
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "ExecStart":
			program, _, _ := strings.Cut(value, " --")
			ours = ours || strings.HasSuffix(strings.TrimRight(program, `"`), "/hubd")
		case "User":
			i.Account = unquote(value)
		case "Environment":
			if home, ok := strings.CutPrefix(unquote(value), "HUB_HOME="); ok {
				i.Home = home
			}
		}
	}
	if !ours || i.Home == "" {
		return nil
	}
	return i
}

// unquote undoes quote.
func unquote(text string) string {
	if plain, err := strconv.Unquote(text); err == nil {
		text = plain
	}
	return strings.ReplaceAll(text, "%%", "%")
}
