package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/rogpeppe/go-internal/testscript"
)

// checkApp checks what jlist would tell of an app. A condition is a status, or
// KEY=PATTERN with a key of pm2_env, of the element itself or of hub, and an
// expression for the whole value as JSON writes it, strings without quotes.
// Each instance must fulfil all of them.
func checkApp(ts *testscript.TestScript, args []string) error {
	ctx, cancel := deadline()
	defer cancel()
	return holds(ctx, client(ts), args[0], args[1:])
}

// awaitApp waits until conditions hold. It looks again after each event and, as
// not all is an event (a status line, figures), after each turn of a tick.
func awaitApp(ts *testscript.TestScript, args []string) error {
	ctx, cancel := deadline()
	var follower sync.WaitGroup
	defer follower.Wait()
	defer cancel()
	c := client(ts)
	happened := make(chan struct{}, 1)
	follower.Go(func() {
		_ = c.Events(ctx, true, func([]api.Event) error { // without events there is the tick
			select {
			case happened <- struct{}{}:
			default:
			}
			return nil
		})
	})
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := holds(ctx, c, args[0], args[1:])
		if err == nil {
			return nil
		}
		select {
		case <-happened:
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waited in vain: %w", err)
		}
	}
}

// holds returns nil when every instance of the app fulfils the conditions.
func holds(ctx context.Context, c *api.Client, name string, conditions []string) error {
	list, err := c.Processes(ctx, true, name)
	if err != nil {
		return err
	}
	for i := range list {
		values, err := flatten(&list[i])
		if err != nil {
			return err
		}
		for _, condition := range conditions {
			if err := fulfils(values, condition); err != nil {
				return fmt.Errorf("%s (id %d): %w", name, list[i].PMID, err)
			}
		}
	}
	return nil
}

// flatten returns the values of a description by key, pm2_env's first.
func flatten(p *api.Process) (map[string]json.RawMessage, error) {
	values := make(map[string]json.RawMessage)
	for _, part := range []any{p.Hub, p, p.PM2Env} {
		data, err := json.Marshal(part)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, &values); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func fulfils(values map[string]json.RawMessage, condition string) error {
	key, want, found := strings.Cut(condition, "=")
	if !found {
		key, want = "status", condition
	}
	raw, ok := values[key]
	if !ok {
		return fmt.Errorf("there is no %s", key)
	}
	got := string(raw)
	var text string
	if json.Unmarshal(raw, &text) == nil {
		got = text
	}
	re, err := regexp.Compile("^(?s:" + want + ")$")
	if err != nil {
		return err
	}
	if !re.MatchString(got) {
		return fmt.Errorf("%s is %s, want %s", key, got, want)
	}
	return nil
}

func isJSON(ts *testscript.TestScript, _ []string) error {
	var v any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &v); err != nil {
		return fmt.Errorf("stdout is not one JSON value: %w", err)
	}
	return nil
}

// gaps checks the times between the launches of an app, oldest first: each
// is at least the duration of its turn, the last duration holding for the rest.
func gaps(ts *testscript.TestScript, args []string) error {
	ctx, cancel := deadline()
	defer cancel()
	var starts []time.Time
	err := client(ts).Events(ctx, false, func(events []api.Event) error {
		for _, e := range events {
			if e.Kind == "start" {
				starts = append(starts, time.UnixMilli(e.Time))
			}
		}
		return nil
	}, args[0])
	if err != nil {
		return err
	}
	if len(starts) < len(args) {
		return fmt.Errorf("%s was launched %d times, want at least %d", args[0], len(starts), len(args))
	}
	for n := 1; n < len(starts); n++ {
		least, err := time.ParseDuration(args[min(n, len(args)-1)])
		if err != nil {
			return err
		}
		if gap := starts[n].Sub(starts[n-1]); gap < least {
			return fmt.Errorf("launch %d came %v after the one before, want at least %v", n+1, gap, least)
		}
	}
	return nil
}
