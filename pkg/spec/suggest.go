package spec

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// hints are keys of other programs, and slips seen in real files that are too
// far from the key they mean.
var hints = map[string]string{
	"env_file":    "no file is read, by PM2 neither; put the variables into env",
	"envFile":     "no file is read, by PM2 neither; put the variables into env",
	"max_memory":  `did you mean "max_memory_restart"?`,
	"maxMemory":   `did you mean "max_memory_restart"?`,
	"ignore":      `did you mean "ignore_watch"?`,
	"environment": `did you mean "env"?`,
	"directory":   `did you mean "cwd"?`,
	"workdir":     `did you mean "cwd"?`,
	"arguments":   `did you mean "args"?`,
	"mode":        `did you mean "exec_mode"?`,
	"pre_start":   "there are no start hooks; put the command into the script",
	"depends_on":  "there are no dependencies between apps",
}

// longestKey is the longest key that is compared with the known ones.
const longestKey = 40

// unknownKey says that a key is unknown, with the nearest known one.
func unknownKey(key string) string {
	const message = "unknown key"
	if hint := hints[key]; hint != "" {
		return message + "; " + hint
	}
	if strings.HasPrefix(key, "health_check") || strings.HasPrefix(key, "healthCheck") {
		return message + "; there are no health checks"
	}
	if best := nearestKey(key); best != "" {
		return message + "; did you mean " + quoted(best) + "?"
	}
	return message
}

// nearestKey returns the known key with the smallest edit distance, or "".
func nearestKey(key string) string {
	var names []string
	for i := range keyTable {
		names = append(append(names, keyTable[i].Name), keyTable[i].Aliases...)
	}
	return Nearest(key, names)
}

// Nearest returns the name in snake_case with the smallest edit distance to a
// key that is unknown, or "" if none is near.
func Nearest(key string, names []string) string {
	if len(key) > longestKey {
		return ""
	}
	key = snakeCase(key)
	best, least := "", max(1, len(key)/3)+1
	for _, name := range names {
		if d := levenshtein.ComputeDistance(key, name); d < least {
			best, least = name, d
		}
	}
	return best
}
