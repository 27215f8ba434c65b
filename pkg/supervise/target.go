package supervise

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// ErrNoTarget means that nothing matches a target.
var ErrNoTarget = errors.New("not found")

// Select returns the instances that a target means, in order of id: all, a
// /regular expression/ over names, a name, a namespace, or an id. A name wins
// over a namespace, and both over an id, as in PM2.
func (s *Supervisor) Select(target string) ([]*Instance, error) {
	all := s.Instances()
	switch {
	case target == "all":
		return all, nil
	case len(target) > 2 && strings.HasPrefix(target, "/") && strings.HasSuffix(target, "/"):
		re, err := regexp.Compile(target[1 : len(target)-1])
		if err != nil {
			return nil, fmt.Errorf("target %s: %w", target, err)
		}
		return found(target, filter(all, func(i *Instance) bool { return re.MatchString(i.Status().Spec.Name) }))
	}
	if named := filter(all, func(i *Instance) bool { return i.Status().Spec.Name == target }); len(named) > 0 {
		return named, nil
	}
	if spaced := filter(all, func(i *Instance) bool { return i.Status().Spec.Namespace == target }); len(spaced) > 0 {
		return spaced, nil
	}
	id, err := strconv.Atoi(target)
	if err != nil {
		//lint:ignore ST1005 PM2's words, which scripts look for
		return nil, fmt.Errorf("Process or Namespace %s %w", target, ErrNoTarget)
	}
	return found(target, filter(all, func(i *Instance) bool { return i.ID == id }))
}

func found(target string, list []*Instance) ([]*Instance, error) {
	if len(list) == 0 {
		//lint:ignore ST1005 PM2's words, which scripts look for
		return nil, fmt.Errorf("Process %s %w", target, ErrNoTarget)
	}
	return list, nil
}

func filter(all []*Instance, keep func(*Instance) bool) []*Instance {
	var list []*Instance
	for _, i := range all {
		if keep(i) {
			list = append(list, i)
		}
	}
	return list
}
