package cli

import (
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"github.com/leadmaster/hub/pkg/settings"
	"github.com/leadmaster/hub/pkg/spec"
)

// options are what pkg/spec needs to know of the caller.
func (c *ctl) options() (spec.Options, error) {
	set, err := settings.Load(c.Home)
	if err != nil {
		return spec.Options{}, err
	}
	o := spec.Options{Home: c.Home, Dir: c.Dir, Env: c.Env, Username: username(), Defaults: set.Apps}
	if o.Dir == "" {
		if o.Dir, err = os.Getwd(); err != nil {
			return o, fmt.Errorf("find the current directory: %w", err)
		}
	}
	return o, nil
}

func username() string {
	uid := strconv.Itoa(os.Getuid())
	if u, err := user.LookupId(uid); err == nil {
		return u.Username
	}
	return uid
}

// stdinFile is the argument that means an ecosystem file on standard input.
const stdinFile = "-"

// isFile tells whether an argument is an ecosystem file.
func isFile(arg string) bool { return arg == stdinFile || spec.IsConfigFile(arg) }

// fileLabel is what messages call an ecosystem file.
func fileLabel(path string) string {
	if path == stdinFile {
		return "stdin"
	}
	return path
}

// load reads an ecosystem file.
func (c *ctl) load(path string) (*spec.File, error) {
	if path == stdinFile {
		// One byte more than is allowed, for the parser to refuse.
		data, err := io.ReadAll(io.LimitReader(c.Stdin, spec.MaxFileSize+1))
		if err != nil {
			return nil, fmt.Errorf("read stdin: %w", err)
		}
		return spec.ParseStream(fileLabel(path), data)
	}
	return spec.Load(c.absolute(path))
}

// absolute returns a path that counts from the caller's folder.
func (c *ctl) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.Dir, path)
}

// resolve reads an ecosystem file and returns what it asks for, after its
// warnings.
func (c *ctl) resolve(path string, strict bool, o spec.Options) ([]spec.Spec, error) {
	file, err := c.load(path)
	if err != nil {
		return nil, err
	}
	if strict {
		if err := file.Strict(); err != nil {
			return nil, err
		}
	}
	specs, warnings, err := file.Resolve(o)
	c.warnings(warnings)
	return specs, err
}

// declared returns the names of the apps of a file, whatever else is wrong
// with it.
func (c *ctl) declared(path string) ([]string, error) {
	file, err := c.load(path)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(file.Apps))
	for i := range file.Apps {
		names[i] = file.Apps[i].Name
	}
	return names, nil
}

func (c *ctl) warnings(problems []spec.Problem) {
	for i := range problems {
		c.warn("%s", problems[i])
	}
}
