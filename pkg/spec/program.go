package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// none is the interpreter of a script that is executed itself.
const none = "none"

// place settles the working directory.
func (r *resolver) place() {
	r.spec.Cwd = r.path("cwd", r.base, r.base)
	if info, err := os.Stat(r.spec.Cwd); err != nil || !info.IsDir() {
		r.warn("cwd", "%s is not a directory now", r.spec.Cwd)
	}
}

// program settles script, interpreter and arguments.
func (r *resolver) program() {
	s, a := &r.spec, r.app
	written := given(a, "script", "")
	if written == "" {
		return // reported when the file was read
	}
	s.Args = given(a, "args", []string(nil))
	s.InterpreterArgs = given(a, "node_args", []string(nil))
	path, err := r.o.absolute(s.Cwd, written)
	switch {
	case err != nil:
		r.fail("script", "%s", err)
		return
	case written == "serve":
		r.fail("script", `found "serve", PM2's file server; it comes in a later release of hub (write ./serve to run a file of that name)`)
		return
	case isFile(path):
		s.Script = path
	case strings.ContainsAny(written, " \t\n"):
		r.commandLine(written)
		return
	case !r.searched(written):
		r.missing(written, path)
		return
	}
	r.interpreter()
	s.Version = packageVersion(filepath.Dir(s.Script))
}

// commandLine makes the script a line for a shell. PM2 throws away arguments
// given beside it.
func (r *resolver) commandLine(line string) {
	s := &r.spec
	s.Script, s.Shell, s.Interpreter = line, true, none
	s.Version = packageVersion(s.Cwd)
	for _, key := range []string{"args", "node_args"} {
		if r.app.has(key) {
			r.warn(key, "is ignored beside a command line; write it into the script")
		}
	}
	if i := given(r.app, "exec_interpreter", none); i != none {
		r.warn("exec_interpreter", "is ignored beside a command line, which a shell runs")
	}
	s.Args, s.InterpreterArgs = nil, nil
}

// searched looks the script up in PATH.
func (r *resolver) searched(written string) bool {
	path := lookPath(r.searchPath(), written)
	if path != "" {
		r.spec.Script = path
	}
	return path != ""
}

// missing says why there is nothing to run.
func (r *resolver) missing(written, path string) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		r.fail("script", "%s is a directory; want a file", path)
		return
	case errors.Is(err, fs.ErrPermission):
		r.fail("script", "%s can't be reached: %s; want an existing file", path, fs.ErrPermission)
		return
	}
	hint := ""
	if beside, err := r.o.absolute(r.base, written); err == nil && beside != path && isFile(beside) {
		hint = fmt.Sprintf(" (relative to cwd; %s exists)", beside)
	}
	if strings.ContainsRune(written, '/') {
		r.fail("script", "script not found: %s%s; want an existing file", path, hint)
		return
	}
	r.fail("script", "script not found: %s%s; want an existing file, or a program in PATH", path, hint)
}

// isFile reports whether path is there and can be a script.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// lookPath finds an executable file by its bare name in the folders of a PATH;
// "" if there is none. Relative folders don't count (as in os/exec).
func lookPath(path, name string) string {
	if strings.ContainsRune(name, '/') {
		return ""
	}
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue
		}
		full := filepath.Join(dir, name)
		if info, err := os.Stat(full); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return full
		}
	}
	return ""
}
