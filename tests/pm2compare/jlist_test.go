package pm2compare

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// processes reads a jlist, in order of name and id.
func processes(text string) ([]map[string]any, error) {
	var all []map[string]any
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fmt.Errorf("jlist is not JSON: %w: %.200q", err, text)
	}
	slices.SortFunc(all, func(a, b map[string]any) int {
		return cmp.Or(cmp.Compare(fmt.Sprint(a["name"]), fmt.Sprint(b["name"])), cmp.Compare(a["pm_id"].(float64), b["pm_id"].(float64)))
	})
	return all, nil
}

// types returns the type of each key of an element of jlist, of those in monit
// and of those in pm2_env but for the names of environment variables, which PM2
// repeats there.
func types(process map[string]any) map[string]string {
	all := make(map[string]string)
	env, _ := process["pm2_env"].(map[string]any)
	monit, _ := process["monit"].(map[string]any)
	variables, _ := env["env"].(map[string]any)
	for prefix, object := range map[string]map[string]any{"": process, "monit.": monit, "pm2_env.": env} {
		for key, value := range object {
			if prefix != "pm2_env." || !isVariable(key, process["name"], variables) {
				all[prefix+key] = typeOf(value)
			}
		}
	}
	return all
}

// isVariable tells the variables in PM2's pm2_env from its own keys. A variable
// called like the app is one that PM2 adds itself.
func isVariable(key string, app any, variables map[string]any) bool {
	switch key {
	case "name", "namespace", "unique_id", "NODE_APP_INSTANCE":
		return false
	case app:
		return true
	}
	_, known := variables[key]
	return known || strings.ToUpper(key) == key
}

func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}
