package sessions

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/sessionmanager"
)

const (
	// parallel bounds the calls at a time that one List makes.
	parallel = 8
	// listLimit is for all of its calls together, and less than the server grants an
	// answer.
	listLimit = 30 * time.Second
)

// Item is a customer's session.
type Item struct {
	ClienteID   int64  `json:"clienteId"`
	SessionName string `json:"sessionName"`
	State       State  `json:"state"`
}

var errUnfinished = errors.New("a session was not asked for")

// List returns the sessions of all customers, in the order of these. If one can't be
// read it fails, at once: a state that nobody knows is none to show.
func (s Service) List(ctx context.Context) ([]Item, error) {
	ids, err := s.customers(ctx)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	items := make([]Item, len(ids))
	workers := min(parallel, len(ids))
	ended := make(chan error, workers)
	var next atomic.Int64
	for range workers {
		s.out.Go("session list", func() {
			err := errUnfinished // if it panics
			defer func() {
				ended <- err
				// After that, so that the first error is the reason of the others.
				if err != nil {
					cancel()
				}
			}()
			err = s.fill(bounded, items, ids, &next)
		})
	}
	for range workers {
		if failed := <-ended; err == nil {
			err = failed
		}
	}
	return items, err
}

// fill takes one customer after another, as long as next has some.
func (s Service) fill(ctx context.Context, items []Item, ids []int64, next *atomic.Int64) error {
	for {
		i := int(next.Add(1)) - 1
		if i >= len(ids) {
			return nil
		}
		state, err := s.State(ctx, ids[i])
		if err != nil {
			return err
		}
		items[i] = Item{ids[i], sessionmanager.Instance(ids[i]), state}
	}
}
