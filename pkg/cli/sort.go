package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/leadmaster/hub/pkg/api"
)

// order is the value of --sort: a field, then maybe ":asc" or ":desc". It is
// checked when the flags are read, before anything is done.
type order string

// String, Set and Type make it a pflag.Value.
func (o *order) String() string { return string(*o) }
func (o *order) Type() string   { return "string" }
func (o *order) Set(by string) error {
	field, direction, _ := strings.Cut(by, ":")
	if comparison(field) == nil || direction != "" && direction != "asc" && direction != "desc" {
		return fmt.Errorf("cannot sort by %q; use name, namespace, pid, id, cpu, memory, uptime or status, with :asc or :desc behind it", by)
	}
	*o = order(by)
	return nil
}

// sortRows puts the rows in an order. Equal ones stay in order of name and id.
func sortRows(rows []api.Row, by order) {
	if by == "" || by == "name" {
		// The daemon's answer is in this order already, mostly.
		slices.SortStableFunc(rows, compareNames)
		return
	}
	field, direction, _ := strings.Cut(string(by), ":")
	compare := comparison(field)
	slices.SortStableFunc(rows, func(a, b api.Row) int {
		order := compare(&a, &b)
		if direction == "desc" {
			order = -order
		}
		return cmp.Or(order, compareNames(a, b))
	})
}

func compareNames(a, b api.Row) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
}

// comparison returns the order of a field, or nil for an unknown one.
func comparison(field string) func(a, b *api.Row) int {
	switch field {
	case "name":
		return func(a, b *api.Row) int { return compareNames(*a, *b) }
	case "namespace":
		return func(a, b *api.Row) int { return strings.Compare(a.Namespace, b.Namespace) }
	case "pid":
		return func(a, b *api.Row) int { return cmp.Compare(a.PID, b.PID) }
	case "id":
		return func(a, b *api.Row) int { return cmp.Compare(a.ID, b.ID) }
	case "cpu":
		return func(a, b *api.Row) int { return cmp.Compare(a.CPU, b.CPU) }
	case "memory":
		return func(a, b *api.Row) int { return cmp.Compare(a.Memory, b.Memory) }
	case "uptime":
		return func(a, b *api.Row) int { return cmp.Compare(a.Uptime, b.Uptime) }
	case "status":
		return func(a, b *api.Row) int { return strings.Compare(a.Status, b.Status) }
	}
	return nil
}
