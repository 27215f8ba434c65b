package spec

import "strconv"

// environment builds what the file adds to the base environment: env, port,
// then env_<name>; the later wins, as in PM2.
func (r *resolver) environment() {
	env := make(map[string]string)
	r.variables(env, "env", given[*value](r.app, "env", nil))
	if r.app.has("port") {
		env["PORT"] = strconv.Itoa(given(r.app, "port", 0))
	}
	if name := r.o.EnvName; name != "" {
		// Remembered also without a section: one may be written later.
		r.spec.EnvName = name
		if section, ok := r.app.sections[name]; ok {
			r.variables(env, section.label, section.value.(*value))
		} else {
			r.warn(SectionKey(name), "is not there, so --env %s adds nothing to env", name)
		}
	}
	r.spec.Env = env
}

// SectionKey is the key of the variables that --env NAME adds.
func SectionKey(name string) string { return "env_" + name }

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
