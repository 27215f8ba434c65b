package spec

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Options are what resolving needs to know about the caller.
type Options struct {
	// Home is HUB_HOME, absolute.
	Home string
	// Dir is the caller's directory, absolute; relative paths of an app from
	// the command line count from it.
	Dir string
	// Env is the caller's environment: PATH finds programs, HOME is ~.
	Env []string
	// EnvName chooses the sections env_<name>; empty for none.
	EnvName string
	// Only names the apps of a file to resolve; empty for all. What is wrong with
	// other apps does not count then.
	Only []string
	// Namespace is for apps that name none; empty for "default".
	Namespace string
	// Username is the user who asks.
	Username string
	// CPUs is what instances: max stands for; 0 for those of this machine.
	CPUs int
	// Defaults are for apps that say nothing.
	Defaults Defaults
}

func (o *Options) check() error {
	if !filepath.IsAbs(o.Home) {
		return fmt.Errorf("found %s as the hub's home; want an absolute path", quoted(o.Home))
	}
	return nil
}

// lookup returns a variable of the caller's environment; the last one counts,
// as in a shell.
func (o *Options) lookup(name string) string {
	for i := len(o.Env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(o.Env[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// expand replaces a leading ~ and ${HUB_HOME} or $HUB_HOME anywhere.
func (o *Options) expand(path string) (string, error) {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		home := o.lookup("HOME")
		if !filepath.IsAbs(home) {
			return "", fmt.Errorf("found %s, but HOME is not set; want a path without ~", quoted(path))
		}
		path = home + rest
	}
	return expandHome(path, o.Home), nil
}

func expandHome(path, home string) string {
	const name = "HUB_HOME"
	var b strings.Builder
	for {
		at := strings.IndexByte(path, '$')
		if at < 0 {
			return b.String() + path
		}
		b.WriteString(path[:at])
		path = path[at:]
		rest, braced := strings.CutPrefix(path, "${"+name+"}")
		plain, bare := strings.CutPrefix(path, "$"+name)
		switch {
		case braced:
			b.WriteString(home)
			path = rest
		case bare && (plain == "" || !isWord(plain[0])):
			b.WriteString(home)
			path = plain
		default:
			b.WriteByte('$')
			path = path[1:]
		}
	}
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// absolute returns the clean absolute form of path, expanded, relative to base.
func (o *Options) absolute(base, path string) (string, error) {
	path, err := o.expand(path)
	if err != nil {
		return "", err
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(base, path)
	}
	return filepath.Clean(path), nil
}
