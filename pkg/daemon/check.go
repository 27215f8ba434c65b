package daemon

import (
	"slices"
	"strings"

	"github.com/leadmaster/hub/pkg/api"
)

// actions are what Act does.
var actions = [...]string{
	api.ActionStart, api.ActionRestart, api.ActionReload, api.ActionStop, api.ActionDelete, api.ActionReset,
	api.ActionSignal, api.ActionScale, api.ActionSend,
}

// checkAct refuses a call whose parameters don't belong together: whoever gives
// one must not believe that it was heard.
func checkAct(in *api.ActCall) error {
	if !slices.Contains(actions[:], in.Action) {
		return &api.Error{Code: api.CodeInvalid, Message: "action " + in.Action + " is unknown", Hint: strings.Join(actions[:], ", "), Target: "action"}
	}
	if len(in.Targets) == 0 {
		return &api.Error{Code: api.CodeInvalid, Message: "targets are missing", Hint: "a name, an id, or all", Target: "targets"}
	}
	for _, p := range []struct {
		name  string
		given bool
		with  []string
	}{
		{"update_env", in.UpdateEnv, []string{api.ActionStart, api.ActionRestart, api.ActionReload}},
		{"signal", in.Signal != "", []string{api.ActionSignal}},
		{"count", in.Count != "", []string{api.ActionScale}},
		{"line", in.Line != nil, []string{api.ActionSend}},
		{"message", hasMessage(in), []string{api.ActionSend}},
	} {
		if p.given && !slices.Contains(p.with, in.Action) {
			return &api.Error{Code: api.CodeInvalid, Message: p.name + " makes no sense with " + in.Action, Hint: "it belongs to " + strings.Join(p.with, ", "), Target: p.name}
		}
	}
	return nil
}

// hasMessage: null is as good as none.
func hasMessage(in *api.ActCall) bool {
	return len(in.Message) > 0 && string(in.Message) != "null"
}
