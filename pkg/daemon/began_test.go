package daemon

import (
	"testing"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/spec"
)

// A daemon that died over hubd --config leaves the rest of the file to the next one,
// which touches nothing that runs; once all is started the file is not looked at.
func TestStartSpecsGoesOn(t *testing.T) {
	t.Parallel()
	r, d := serveInside(t)
	first, second := r.app("first", idle), r.app("second", idle)
	r.begin(first)
	first.Instances = 2
	before := pidOf(r, "first")
	d.table = &keeper.Table{Answered: true} // as for the next daemon
	if d.Began() {
		t.Error("nobody has started the second app, and nobody will")
	}
	if err := d.StartSpecs(r.context(), []spec.Spec{first, second}, env); err != nil {
		t.Fatal(err)
	}
	if rows := r.rows(); rows != "first:online first:online second:online" {
		t.Errorf("got %s", rows)
	}
	if now := pidOf(r, "first"); now != before {
		t.Errorf("the first app was restarted: pid %d, then %d", before, now)
	}
	if !d.Began() {
		t.Error("a later daemon would start what was deleted since")
	}
}

func pidOf(r *rig, name string) int {
	r.Helper()
	rows, err := r.List(r.context(), name)
	if err != nil || len(rows) == 0 {
		r.Fatalf("%+v: %v", rows, err)
	}
	return rows[0].PID
}
