package spec

import (
	"slices"
	"testing"
)

func TestChanges(t *testing.T) {
	t.Parallel()
	old := Spec{
		Name: "app", Script: "/srv/a.js", Args: []string{"x"}, MaxRestarts: 16, Version: "1.0.0", Username: "ann",
		Env: map[string]string{"KEPT": "1", "GONE": "1", "NEW_VALUE": "secret", "EMPTY": ""},
	}
	next := Spec{
		Name: "app", Script: "/srv/b.js", Args: []string{"x", "y"}, MaxRestarts: 16, Version: "1.1.0", Username: "bob",
		EnvName: "production", Reload: ReloadOverlap, StopExitCodes: []int{},
		Env: map[string]string{"KEPT": "1", "NEW_VALUE": "another", "MORE": ""},
	}
	want := []string{"args", "env.EMPTY", "env.GONE", "env.MORE", "env.NEW_VALUE", "reload", "script"}
	if got := old.Changes(&next); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := next.Changes(&next); len(got) > 0 {
		t.Errorf("a spec differs from itself in %v", got)
	}
	if got := (&Spec{}).Changes(&Spec{Env: map[string]string{}, Args: []string{}}); len(got) > 0 {
		t.Errorf("nothing and empty differ in %v", got)
	}
}
