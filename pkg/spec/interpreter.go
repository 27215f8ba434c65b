package spec

import (
	"path/filepath"
	"strings"
)

// byExtension is the interpreter of a script by its extension; "" for none.
func byExtension(script string) string {
	switch filepath.Ext(script) {
	case ".js", ".cjs", ".mjs":
		return "node"
	case ".py":
		return "python"
	case ".sh":
		return "bash"
	case ".rb":
		return "ruby"
	case ".php":
		return "php"
	case ".pl":
		return "perl"
	case ".ts", ".tsx":
		return "bun"
	case ".coffee":
		return "coffee"
	case ".ls":
		return "lsc"
	}
	return ""
}

// runsNode reports whether the app is a script for a Node-like interpreter, or
// that interpreter itself.
func (s *Spec) runsNode() bool {
	return isNodeLike(s.Interpreter) || s.Interpreter == none && isNodeLike(s.Script)
}

// RunsPython reports whether the app is a script for a Python interpreter.
func (s *Spec) RunsPython() bool {
	return strings.Contains(filepath.Base(s.Interpreter), "python")
}

// isNodeLike reports whether the program opens the channel that
// NODE_CHANNEL_FD names.
func isNodeLike(program string) bool {
	switch filepath.Base(program) {
	case "node", "nodejs", "bun", "tsx", "ts-node", "coffee", "lsc":
		return true
	}
	return false
}

// interpreter settles what runs the script. A name stays a name: it is looked
// up again at each launch.
func (r *resolver) interpreter() {
	s, path := &r.spec, r.searchPath()
	written := given(r.app, "exec_interpreter", "")
	switch {
	case strings.HasPrefix(written, "node@"):
		r.fail("exec_interpreter", "found %s; choosing a version of Node comes in a later release of hub, so want node or the path of one", quoted(written))
		return
	case strings.ContainsRune(written, '/'):
		s.Interpreter = r.path("exec_interpreter", "", s.Cwd)
	case written != "":
		s.Interpreter = written
	default:
		s.Interpreter = byExtension(s.Script)
		if s.Interpreter == "python" && lookPath(path, "python") == "" && lookPath(path, "python3") != "" {
			s.Interpreter = "python3"
		}
	}
	if s.Interpreter == "" {
		s.Interpreter = none
	}
	r.interpreterExists(path)
}

func (r *resolver) interpreterExists(path string) {
	s := &r.spec
	key := "exec_interpreter"
	switch {
	case s.Interpreter == none:
		if len(s.InterpreterArgs) > 0 {
			r.warn("node_args", "is ignored, since the script runs without an interpreter")
		}
	case filepath.IsAbs(s.Interpreter):
		if !isFile(s.Interpreter) {
			r.fail(key, "interpreter not found: %s; want an existing program", s.Interpreter)
		}
	case lookPath(path, s.Interpreter) != "":
	case r.app.has(key):
		r.fail(key, "found %s, which is not in PATH; want an installed program, its path, or none", quoted(s.Interpreter))
	default:
		r.fail("script", "%s files need %s, which is not in PATH; install it or set interpreter", filepath.Ext(s.Script), s.Interpreter)
	}
}
