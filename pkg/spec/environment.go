package spec

import (
	"slices"
	"strconv"
	"strings"
)

// environment builds what the file adds to the base environment: env, port,
// then env_<name>; the later wins, as in PM2.
func (r *resolver) environment() {
	env := make(map[string]string)
	r.variables(env, "env", given[*value](r.app, "env", nil))
	if r.app.has("port") {
		env["PORT"] = strconv.Itoa(given(r.app, "port", 0))
	}
	if name := r.o.EnvName; name != "" {
		section, ok := r.app.sections[name]
		if !ok {
			r.warn("env_"+name, "is not there, so --env %s adds nothing to env", name)
		} else {
			r.spec.EnvName = name
			r.variables(env, section.label, section.value.(*value))
		}
	}
	r.spec.Env = env
}

func (r *resolver) variables(env map[string]string, label string, section *value) {
	if section == nil {
		return
	}
	for _, f := range section.fields {
		env[f.key] = f.value.asText()
	}
}

// searchPath returns the folders in which the app's programs are looked up: the
// app's own PATH if the file sets one, else the caller's.
func (r *resolver) searchPath() string {
	if path, ok := r.spec.Env["PATH"]; ok {
		return path
	}
	return r.o.lookup("PATH")
}

// unbuffered makes Python write its output at once, as PM2 does, unless the
// user has said something about it.
func (r *resolver) unbuffered() {
	const name = "PYTHONUNBUFFERED"
	inherited := slices.ContainsFunc(r.o.Env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
	if _, ok := r.spec.Env[name]; !ok && !inherited {
		r.spec.Env[name] = "1"
	}
}
