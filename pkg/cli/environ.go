package cli

import (
	"strings"
	"unicode/utf8"
)

// textEnv is our environment as far as it can go to the daemon: JSON holds text,
// and a variable whose bytes are not UTF-8 would arrive as another one.
func (c *ctl) textEnv() []string {
	env := make([]string, 0, len(c.Env))
	for _, entry := range c.Env {
		if utf8.ValidString(entry) {
			env = append(env, entry)
			continue
		}
		name, _, _ := strings.Cut(entry, "=")
		c.warn("the environment variable %s is not UTF-8 and is left out", harmless(name, false))
	}
	return env
}
