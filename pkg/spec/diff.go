package spec

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Changes returns the canonical keys in which next differs from s, sorted;
// variables of the environment as env.NAME, since their values may be secrets.
// What only describes the app (its file, its version, who asked) is no change.
func (s *Spec) Changes(next *Spec) []string {
	var keys []string
	old, now := reflect.ValueOf(*s), reflect.ValueOf(*next)
	for n := range old.NumField() {
		key, _, _ := strings.Cut(old.Type().Field(n).Tag.Get("json"), ",")
		switch key {
		case "file", "env_name", "default_namespace", "username", "version", "shared_logs":
		case "env":
			keys = append(keys, changedVariables(s.Env, next.Env)...)
		default:
			if !same(old.Field(n), now.Field(n)) {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

// same compares two values of a field; an empty list is as good as none.
func same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

func changedVariables(old, now map[string]string) (keys []string) {
	all := maps.Clone(now)
	if all == nil {
		all = make(map[string]string)
	}
	maps.Copy(all, old)
	for name := range all {
		was, before := old[name]
		is, after := now[name]
		if before != after || was != is {
			keys = append(keys, "env."+name)
		}
	}
	return keys
}
