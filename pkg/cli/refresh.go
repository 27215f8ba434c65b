package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
)

// refresh sorts apps of the list by what is to be done with them: the file that
// an app came from counts, as it is now.
type refresh struct {
	s       *starter
	options spec.Options

	whole []spec.Spec  // to be started, with as many instances as their files say
	some  []spec.Spec  // of these only some instances are to be restarted
	ids   []int        // the instances of some
	kept  []*listedApp // go on with the values they have
}

// refresh reads the files of the apps, each once. Failures are noted; the error
// ends the command.
func (s *starter) refresh(ctx context.Context, apps []*listedApp) (*refresh, error) {
	r := &refresh{s: s}
	var files []string
	byFile := make(map[string][]*listedApp)
	for _, a := range apps {
		path := a.file
		if path == "" {
			r.keep([]*listedApp{a}, errors.New("it came from no ecosystem file"), false)
			continue
		}
		if byFile[path] == nil {
			files = append(files, path)
		}
		byFile[path] = append(byFile[path], a)
	}
	options, err := s.c.options()
	if err != nil {
		for _, path := range files {
			r.keep(byFile[path], fmt.Errorf("%s is not looked at: %w", path, err), true)
		}
		return r, nil
	}
	r.options = options
	for _, path := range files {
		if err := r.file(ctx, path, byFile[path]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// file takes the entries of apps from their file.
func (r *refresh) file(ctx context.Context, path string, apps []*listedApp) error {
	text, err := readOwn(path)
	if others := (*othersMayWrite)(nil); errors.As(err, &others) {
		r.keep(apps, fmt.Errorf("the file %s is not looked at: %w", path, others), true)
		return nil
	} else if err != nil {
		r.keep(apps, fmt.Errorf("the file cannot be read: %w", err), true)
		return nil
	}
	file, err := spec.Parse(path, text)
	if err != nil {
		r.broken(apps, err)
		return nil
	}
	for _, a := range apps {
		if !slices.ContainsFunc(file.Apps, func(f spec.App) bool { return f.Name == a.name }) {
			r.keep([]*listedApp{a}, fmt.Errorf("no app of this name is in %s any more", path), true)
			continue
		}
		if err := r.entry(ctx, file, a); err != nil {
			return err
		}
	}
	return nil
}

// entry resolves one app as its file declares it now.
func (r *refresh) entry(ctx context.Context, file *spec.File, a *listedApp) (err error) {
	o := r.options
	o.Only = []string{a.name}
	o.EnvName = cmp.Or(r.s.env, a.envName)
	o.Namespace, o.Username = a.namespace, a.username
	if o.Env, err = r.lookups(ctx, a); err != nil {
		return err
	}
	specs, warnings, err := file.Resolve(o)
	if r.s.env == "" {
		// That was told when the name was given.
		warnings = slices.DeleteFunc(warnings, func(p spec.Problem) bool { return p.Key == spec.SectionKey(o.EnvName) })
	}
	r.s.c.warnings(warnings)
	switch {
	case err != nil:
		r.broken([]*listedApp{a}, err)
	case a.some:
		r.some = append(r.some, specs...)
		r.ids = append(r.ids, a.ids...)
	default:
		r.whole = append(r.whole, specs...)
	}
	return nil
}

// lookups returns the PATH and the HOME by which programs and ~ are looked up:
// those that the app runs with, so that a restart by cron(8) finds the same ones.
func (r *refresh) lookups(ctx context.Context, a *listedApp) ([]string, error) {
	if r.s.updateEnv {
		return r.s.c.Env, nil
	}
	var reply api.EnvReply
	err := r.s.c.inTime(func(ctx context.Context) (err error) {
		reply, err = r.s.c.client.Env(ctx, a.name)
		return err
	})(ctx)
	if err != nil {
		return nil, err
	}
	var env []string
	for _, name := range [...]string{"PATH", "HOME"} {
		if value, ok := reply.Env[name]; ok {
			env = append(env, name+"="+value)
		}
	}
	return env, nil
}

// keep leaves apps the values they have. Where another section was asked for
// that is no restart at all.
func (r *refresh) keep(apps []*listedApp, reason error, warn bool) {
	why := strings.ReplaceAll(reason.Error(), "\n", "; ")
	switch {
	case r.s.env != "":
		r.s.out.failed = append(r.s.out.failed, failure{
			message: fmt.Sprintf("[%s] --env %s can't be applied: %s", namesOf(apps), r.s.env, why),
			hint:    "without --env it is restarted, and the stored values stay",
		})
		return
	case warn:
		r.s.c.warn("[%s] %s; the stored values stay", namesOf(apps), why)
	}
	r.kept = append(r.kept, apps...)
}

// broken notes that apps are left alone, since their file is wrong. What several
// apps suffer from is told once.
func (r *refresh) broken(apps []*listedApp, err error) {
	message, names := err.Error(), namesOf(apps)
	failed := r.s.out.failed
	if last := len(failed) - 1; last >= 0 && failed[last].message == message {
		names = strings.TrimPrefix(failed[last].hint, leftAlone) + ", " + names
		r.s.out.failed = failed[:last]
	}
	r.s.out.failed = append(r.s.out.failed, failure{message: message, hint: leftAlone + names})
}

// leftAlone stands before the names of apps whose file is broken.
const leftAlone = "correct the file, or restart with --keep-spec; left as they were: "

func namesOf(apps []*listedApp) string {
	names := make([]string, len(apps))
	for i, a := range apps {
		names[i] = a.name
	}
	return strings.Join(names, ", ")
}
