package cli

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

func TestCompletionTargets(t *testing.T) {
	t.Parallel()
	p, _ := newFake(t, map[string]answer{"List": replies(api.ListReply{Rows: []api.Row{
		{Name: "web", Namespace: "default"}, {Name: "api", Namespace: "shop"}, {Name: "api", Namespace: "shop"}, {Name: "bad\nname", Namespace: "default"},
	}})})
	p.run(t, targetsWord).check(t, 0, "all\napi\ndefault\nshop\nweb\n", "")
	newPlace(t).run(t, targetsWord).check(t, 0, "", "")
	if r := p.run(t, "--help"); strings.Contains(r.stdout, targetsWord) {
		t.Error("the help text shows a command of the scripts")
	}
	p.run(t, "completion", "tcsh").check(t, 1, "", "[hub][ERROR] found \"tcsh\" as the shell\n  hint: want bash, zsh or fish\n")
}

// bash completes with a stand-in for hubctl that knows two names.
func TestBashCompletion(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	p := newPlace(t)
	writeFile(t, p, "hubctl.bash", p.run(t, "completion", "bash").stdout)
	for line, want := range map[string]string{
		"hubctl res":                "restart reset resurrect",
		"hubctl gracefulR":          "gracefulReload",
		"hubctl restart ":           "all api my\\ app",
		"hubctl restart m":          "my\\ app",
		"hubctl -s stop api a":      "all api",
		"hubctl start --max-r":      "--max-restarts",
		"hubctl list --so":          "--sort",
		"hubctl sendSignal SIGU":    "SIGUSR1 SIGUSR2",
		"hubctl sendSignal SIGHUP ": "all api my\\ app",
		"hubctl completion ":        "bash zsh fish",
		"hubctl ping ":              "",
		"hubctl start a.js -- -":    "",
	} {
		script := `compopt() { :; }; hubctl() { [[ $1 == ` + targetsWord + ` ]] && printf '%s\n' all api 'my app'; }
source ` + filepath.Join(p.sys.Dir, "hubctl.bash") + `
read -ra COMP_WORDS <<<"$1"; [[ $1 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _hubctl; IFS=' '; echo "${COMPREPLY[*]}"`
		out, err := exec.Command(bash, "-uc", script, "bash", line).CombinedOutput()
		if got := strings.TrimSuffix(string(out), "\n"); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", line, got, err, want)
		}
	}
}

// The other shells check the syntax where they are installed.
func TestCompletionSyntax(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script := p.run(t, "completion", shell).stdout
		contains(t, script, "gracefulReload", "startOrGracefulReload", targetsWord, "max-memory-restart")
		if strings.Contains(script, "@") {
			t.Errorf("%s: a place for commands is left in\n%s", shell, script)
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		writeFile(t, p, shell, script)
		if out, err := exec.Command(path, "-n", filepath.Join(p.sys.Dir, shell)).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
}
