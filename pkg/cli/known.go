package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
)

// onListed does the starter's action with what targets mean in the list.
func (s *starter) onListed(ctx context.Context, targets []string) error {
	if len(targets) == 0 {
		return nil
	}
	s.announce(targets)
	targets, err := s.c.scriptTargets(ctx, targets)
	if err != nil {
		return s.out.fail(err)
	}
	found, unknown, err := s.c.instances(ctx, targets)
	if err != nil {
		return s.out.fail(err)
	}
	return s.known(ctx, targets, byApp(found), unknown)
}

// announce says what is about to be done.
func (s *starter) announce(targets []string) {
	s.out.progress.clear()
	for _, target := range targets {
		s.c.announce(&api.ActCall{Action: s.action}, target)
	}
	s.out.progress.show(0)
}

// known does the starter's action with apps of the list: those that came from a
// file get what it says now, all others are done as they are. Targets that mean
// no app are the daemon's to refuse.
func (s *starter) known(ctx context.Context, targets []string, apps []*listedApp, unknown []string) error {
	fromFile := func(a *listedApp) bool { return a.file != "" }
	if s.keepSpec || s.env == "" && !slices.ContainsFunc(apps, fromFile) {
		return s.asTheyAre(ctx, targets)
	}
	r, err := s.refresh(ctx, apps)
	if err != nil {
		return s.out.fail(err)
	}
	if err := s.renew(ctx, r.whole, nil); err != nil {
		return err
	}
	if err := s.renew(ctx, r.some, r.ids); err != nil {
		return err
	}
	rest := unknown
	for _, a := range r.kept {
		rest = append(rest, a.targets()...)
	}
	return s.asTheyAre(ctx, rest)
}

// renew starts apps of the list with new specs; where ids are given, only these
// instances of them.
func (s *starter) renew(ctx context.Context, specs []spec.Spec, ids []int) error {
	if len(specs) == 0 {
		return nil
	}
	in := api.StartCall{
		Specs: specs, Env: s.c.textEnv(), UpdateEnv: s.updateEnv,
		Existing: cmp.Or(s.existing, api.ExistingRestart), Wake: true,
		Brief: s.action == api.ActionRestart, IDs: ids,
	}
	return s.out.fail(s.c.waiting(s.out.repeated(true, func(ctx context.Context, since int64) error {
		in.Since = since
		return s.c.client.Start(ctx, in, s.out.each)
	}))(ctx))
}

// asTheyAre does the starter's action without new specs.
func (s *starter) asTheyAre(ctx context.Context, targets []string) error {
	if len(targets) == 0 {
		return nil
	}
	in := api.ActCall{Action: s.action, Targets: targets, UpdateEnv: s.updateEnv}
	if s.updateEnv {
		in.Env = s.c.textEnv()
	}
	return s.out.fail(s.c.waiting(s.out.repeated(true, func(ctx context.Context, since int64) error {
		in.Since = since
		return s.c.client.Act(ctx, in, s.out.each)
	}))(ctx))
}

// onlyIfListed is onListed for a target that may mean a program as well; it
// reports whether the list has it. No daemon has no list.
func (s *starter) onlyIfListed(ctx context.Context, target string) (bool, error) {
	found, unknown, err := s.c.instances(ctx, []string{target})
	sure := target == "all" || isPattern(target)
	switch {
	case !sure && (errors.Is(err, api.ErrNotRunning) || err == nil && len(found) == 0):
		return false, nil
	case err != nil:
		return true, err
	}
	err = s.refuse("app "+target+" of the list", "delete it first to start it anew", "update-env", "env")
	if err != nil {
		return true, err
	}
	s.announce([]string{target})
	return true, s.known(ctx, []string{target}, byApp(found), unknown)
}
