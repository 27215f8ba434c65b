package spec

import (
	"os"
	"path/filepath"
)

const devNull = "/dev/null"

// logs settles the files that the app's output and pid go to.
func (r *resolver) logs() {
	s, a := &r.spec, r.app
	base := filepath.Join(r.o.Home, "logs", fileBase(a.Name))
	s.OutFile = r.logFile("out_file", base+"-out.log")
	s.ErrorFile = r.logFile("error_file", base+"-error.log")
	s.LogFile = r.combinedFile(base + ".log")
	s.LogType = given(a, "log_type", "")
	s.PidFile = r.path("pid_file", filepath.Join(r.o.Home, "pids", fileBase(a.Name)+".pid"), s.Cwd)
	s.MergeLogs = given(a, "merge_logs", !a.has("instances"))
	s.SharedLogs = given(a, "merge_logs", false)
	s.DisableLogs = given(a, "disable_logs", false)
	s.LogDateFormat = given(a, "log_date_format", "")
	if given(a, "time", false) {
		s.LogDateFormat = timeFormat
	}
}

// combinedFile returns the file of both streams, or "".
func (r *resolver) combinedFile(fallback string) string {
	switch given(r.app, "log_file", "false") {
	case "false", "NULL", "null", devNull:
		return ""
	case "true":
		return fallback
	}
	return r.logFile("log_file", "")
}

func (r *resolver) logFile(key, fallback string) string {
	switch given(r.app, key, "") {
	case "NULL", "null", devNull:
		return devNull
	}
	path := r.path(key, fallback, r.spec.Cwd)
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		r.fail(key, "%s is a directory; want a file", path)
	}
	return path
}
