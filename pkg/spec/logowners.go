package spec

import "fmt"

// LogOwners says which app writes to which log file, by path: files whose lines
// come from two apps are nearly always a mistake.
type LogOwners map[string]*Spec

// Claim notes the files of one instance. An error names the app that has one of
// them; the others are noted all the same. Apps that both say merge_logs: true
// may share files.
func (o LogOwners) Claim(s *Spec, instance int) (err error) {
	for _, path := range s.LogPaths(instance) {
		switch other := o[path]; {
		case other == nil:
			o[path] = s
		case err == nil && other.Name != s.Name && !(other.SharedLogs && s.SharedLogs):
			err = fmt.Errorf("would write to the same log file as app %s: %s; want another file, or merge_logs: true for both",
				quoted(other.Name), path)
		}
	}
	return err
}

// ClaimAll is Claim for all instances that the app declares.
func (o LogOwners) ClaimAll(s *Spec) error {
	for n := range max(1, s.Instances) {
		if err := o.Claim(s, n); err != nil {
			return err
		}
	}
	return nil
}

// logKey is the key that names the app's log files, for a message about them.
func (a *App) logKey() string {
	for _, key := range []string{"out_file", "error_file", "log_file"} {
		if a.has(key) {
			return key
		}
	}
	return "name"
}
