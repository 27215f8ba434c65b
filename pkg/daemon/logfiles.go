package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/logs"
	"github.com/leadmaster/hub/pkg/spec"
	"github.com/leadmaster/hub/pkg/supervise"
)

// logFile is a log file with what is needed to read its lines.
type logFile struct {
	api.LogSource
	format logs.Format
}

// logFiles gathers files, each once.
type logFiles struct {
	files []logFile
	at    map[string]int
}

// add adds a file of an instance.
func (f *logFiles) add(i *supervise.Instance, s *spec.Spec, stream, base string) {
	if base == "" || base == os.DevNull {
		return
	}
	path := s.LogPath(base, i.Number)
	if n, ok := f.at[path]; ok {
		if f.files[n].ID != i.ID {
			f.files[n].ID = -1 // shared: a line can't be told from another's
		}
		return
	}
	f.at[path] = len(f.files)
	f.files = append(f.files, logFile{
		LogSource: api.LogSource{Path: path, Stream: stream, ID: i.ID, Name: s.Name},
		format:    logs.Format{Stamp: stampOf(s), Objects: s.LogType == spec.LogTypeJSON},
	})
}

func stampOf(s *spec.Spec) *logs.Stamp {
	if s.LogDateFormat == "" {
		return nil
	}
	stamp, err := logs.ParseStamp(s.LogDateFormat)
	if err != nil {
		return nil // nothing was written with it either
	}
	return stamp
}

// logTargets returns the instances that targets mean, and whether they mean the
// daemon's own log.
func (d *Daemon) logTargets(all []string) (list []*supervise.Instance, own bool, err error) {
	targets := slices.DeleteFunc(slices.Clone(all), func(t string) bool { return t == api.TargetHubd })
	if len(targets) > 0 || len(all) == 0 {
		if list, err = d.found(targets); err != nil {
			return nil, false, err
		}
	}
	return list, len(targets) < len(all) || len(all) == 0 || slices.Contains(targets, "all"), nil
}

// sources returns the files to read for a call: of each app those of its
// streams, or the one of both where a stream has none of its own.
func (d *Daemon) sources(in *api.LogsCall) ([]logFile, error) {
	list, own, err := d.logTargets(in.Targets)
	if err != nil {
		return nil, err
	}
	f := logFiles{at: make(map[string]int)}
	if own {
		f.files = append(f.files, logFile{LogSource: api.LogSource{Path: d.home.LogPath(), Stream: api.StreamHubd, ID: -1, Name: "hubd"}})
	}
	wanted := func(stream string) bool { return len(in.Streams) == 0 || slices.Contains(in.Streams, stream) }
	for _, i := range list {
		s := i.Status().Spec
		switch {
		case s.DisableLogs:
		case s.LogFile != "" && len(in.Streams) == 0 && (s.OutFile == os.DevNull || s.ErrorFile == os.DevNull):
			f.add(i, s, api.StreamLog, s.LogFile)
		default:
			if wanted(api.StreamOut) {
				f.add(i, s, api.StreamOut, s.OutFile)
			}
			if wanted(api.StreamErr) {
				f.add(i, s, api.StreamErr, s.ErrorFile)
			}
		}
	}
	return f.files, nil
}

// logControl empties log files or opens them anew: of the apps that targets
// mean, or of all and the daemon's own.
func (d *Daemon) logControl(ctx context.Context, in *api.LogControlCall, r *replies) error {
	var do func(ctx context.Context, path string) error
	switch in.Action {
	case api.ActionFlush:
		do = d.logs.Truncate
	case api.ActionReopen:
		do = d.reopenLog
	default:
		return &api.Error{Code: api.CodeInvalid, Message: "action " + in.Action + " is unknown", Hint: "the actions are flush and reopen", Target: "action"}
	}
	list, own, err := d.logTargets(in.Targets)
	if err != nil {
		return err
	}
	files := []string{}
	if own {
		files = append(files, d.home.LogPath())
	}
	for _, i := range list {
		for _, path := range i.Status().Spec.LogPaths(i.Number) {
			if !slices.Contains(files, path) {
				files = append(files, path)
			}
		}
	}
	// What can be done is done.
	done := []string{}
	var errs []error
	for _, path := range files {
		if err := do(ctx, path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
			continue
		}
		done = append(done, path)
	}
	if err := errors.Join(errs...); err != nil {
		return &api.Error{Code: api.CodeFailed, Message: fmt.Sprintf("%s: %v", in.Action, err), Target: in.Action}
	}
	return r.last(api.LogControlReply{Files: done})
}

// reopenLog opens a log file anew, of apps or the daemon's own.
func (d *Daemon) reopenLog(ctx context.Context, path string) error {
	if path == d.home.LogPath() && d.reopen != nil {
		return d.reopen()
	}
	return d.logs.Reopen(ctx, path)
}

// logPath is jlist's pm_log_path.
func logPath(s *spec.Spec, instance int) string {
	if s.LogFile == "" || s.DisableLogs {
		return ""
	}
	return s.LogPath(s.LogFile, instance)
}
