package walls

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/leadmaster/hub/"

// layers says what each package may import of ours. A package that is not here
// needs a reason to exist: a new outside library, a new owner of state, or a
// reader who wants it alone.
var layers = map[string]struct {
	may string // names under pkg/, separated by spaces
	why string // not more
}{
	"pkg/spec":      {"", "it turns text into values; whoever reads it needs nothing else"},
	"pkg/closeexec": {"", "it is one system call, for the two programs that start others"},
	"pkg/epoll":     {"", "it tells that a descriptor is ready and has no policy"},
	"pkg/ready":     {"", "it is linked into other people's programs"},
	"pkg/stats":     {"", "it reads /proc and knows no apps"},
	"pkg/store":     {"", "it keeps files and does not know what is in them"},
	"pkg/settings":  {"spec store", "it reads and edits one file, for both programs"},
	"pkg/cgroup":    {"", "it is folders of the kernel's and knows no apps"},
	"pkg/proc":      {"epoll", "it is one Linux process and knows no apps"},
	"pkg/ipc":       {"epoll", "it is the wires to a child and knows no apps"},
	"pkg/logs":      {"epoll", "it carries bytes from pipes to files and knows no apps"},
	"pkg/api":       {"spec", "the contract must not hang on either side of it"},
	"pkg/pages":     {"", "it is about the pages of any program"},
	"pkg/keeper":    {"", "it is the protocol between two programs, of which one is to stay small"},
	"pkg/unit":      {"", "it is linked into hub-keeper, which is to stay small"},
	"pkg/systemd":   {"cgroup", "it is systemd's programs and hub's unit file, and knows neither daemon nor command line"},
	"pkg/link":      {"epoll keeper", "it is the daemon's end of the keeper's socket"},
	"pkg/supervise": {"spec cgroup epoll proc ipc keeper logs stats", "it knows neither how it is asked (api) nor where its records lie (store)"},
	"pkg/daemon":    {"api spec cgroup epoll keeper link pages proc logs settings stats store supervise systemd unit", "it puts the parts together and is the only one that may see all"},
	"pkg/release":   {"", "it replaces files by those of an archive, and knows no daemon"},
	"pkg/cli":       {"api cgroup proc release spec settings closeexec systemd unit", "hubctl knows hubd only through the contract and executes it, never imports it"},

	"cmd/hub-keeper": {"keeper pages closeexec unit", "it must stay small and has no policy"},
	"cmd/hubd":       {"api cgroup spec keeper settings store daemon closeexec systemd unit", "a program is flags, environment and exit codes"},
	"cmd/hubctl":     {"cli", "a program is flags, environment and exit codes"},

	"scripts/manpages":  {"api cli", "it writes about the commands, and is in no program"},
	"scripts/baregin":   {"", "it is what an app is measured against"},
	"scripts/openloop":  {"", "it measures any HTTP server"},
	"scripts/readytime": {"", "it measures any program that speaks sd_notify"},

	"apps/central-hub":          {"ready", "an app is a program of its own, to which the supervisor is a stranger"},
	"apps/session-manager-stub": {"ready", "it plays a service that is none of ours"},
}

func TestLayers(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		name := owner(p.ImportPath)
		if strings.HasPrefix(name, "tests/") {
			continue
		}
		layer, ok := layers[name]
		if !ok {
			t.Errorf("%s is in no layer: give it a line in layers, with what it may import and why", name)
			continue
		}
		allowed := strings.Fields(layer.may)
		for _, path := range p.Imports {
			other, ours := strings.CutPrefix(path, module)
			if !ours || owner(path) == name || slices.Contains(allowed, strings.TrimPrefix(other, "pkg/")) {
				continue
			}
			t.Errorf("%s imports %s; it may import [%s], since %s", p.ImportPath, other, layer.may, layer.why)
		}
	}
}

// owner returns the key of layers for one of our packages: what lies below an
// app belongs to it.
func owner(path string) string {
	name := strings.TrimPrefix(path, module)
	if parts := strings.SplitN(name, "/", 3); len(parts) > 2 && parts[0] == "apps" {
		return parts[0] + "/" + parts[1]
	}
	return name
}

// libraries says which packages import an outside module. golang.org/x/sys is
// everybody's.
var libraries = map[string]struct{ owners, why string }{
	"github.com/varlink/go":               {"pkg/api pkg/daemon", "only the two ends of the socket speak Varlink"},
	"gopkg.in/yaml.v3":                    {"pkg/spec pkg/settings", "only these two read files that people write"},
	"github.com/agnivade/levenshtein":     {"pkg/spec", "it finds the nearest known key"},
	"github.com/shirou/gopsutil/v3":       {"pkg/stats", "it gives the host's figures; for processes it is too slow"},
	"github.com/google/renameio/v2":       {"pkg/store", "only store replaces files for good"},
	"github.com/spf13/cobra":              {"pkg/cli scripts/manpages", "hubd has four flags; cobra costs start-up time"},
	"github.com/spf13/pflag":              {"pkg/cli scripts/manpages", "as cobra"},
	"github.com/mattn/go-runewidth":       {"pkg/cli", "only a table has columns"},
	"github.com/gin-gonic/gin":            {"apps/central-hub scripts/baregin", "a daemon that runs as root parses no HTTP"},
	"modernc.org/sqlite":                  {"apps/central-hub", "a database belongs to the app that has it"},
	"github.com/go-sql-driver/mysql":      {"apps/central-hub", "as SQLite"},
	"github.com/pressly/goose/v3":         {"apps/central-hub", "it brings a schema up to date"},
	"github.com/golang-jwt/jwt/v5":        {"apps/central-hub", "the app has users"},
	"golang.org/x/crypto":                 {"apps/central-hub", "it compares their passwords (bcrypt)"},
	"golang.org/x/term":                   {"apps/central-hub", "it asks for a password without showing it"},
	"github.com/prometheus/client_golang": {"apps/central-hub", "the app shows figures of itself"},
	"github.com/getkin/kin-openapi":       {"apps/central-hub", "its tests compare answers with the API's document"},
	"github.com/joho/godotenv":            {"apps/central-hub", "a .env belongs to the app that reads it"},
}

func TestLibraries(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, path := range p.Imports {
			if strings.HasPrefix(path, module) || !outside(path) || strings.HasPrefix(path, "golang.org/x/sys/") {
				continue
			}
			library := moduleOf(path)
			rule, ok := libraries[library]
			switch {
			case !ok:
				t.Errorf("%s imports %s, which no package owns: give it a line in libraries", p.ImportPath, path)
			case !slices.Contains(strings.Fields(rule.owners), owner(p.ImportPath)):
				t.Errorf("%s imports %s; it belongs to %s: %s", p.ImportPath, library, rule.owners, rule.why)
			}
		}
	}
}

// outside tells a path with a domain from one of the standard library.
func outside(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}

// moduleOf returns the entry of libraries that has the package, or the package.
func moduleOf(path string) string {
	for library := range libraries {
		if path == library || strings.HasPrefix(path, library+"/") {
			return library
		}
	}
	return path
}

// unlinked says what a program must not contain, its dependencies included:
// initialisation is start-up time and memory of every run.
var unlinked = map[string]struct{ paths, why string }{
	"cmd/hubd": {
		"net/http crypto github.com/gin-gonic/gin github.com/spf13/cobra github.com/spf13/pflag database/sql",
		"it costs the daemon memory for ever, and a daemon that runs as root has no HTTP server in it",
	},
	"cmd/hub-keeper": {
		"fmt net encoding/json os/exec",
		"it is in memory as long as any app is, and is to take 2 MiB at most",
	},
	"cmd/hubctl": {
		"net/http github.com/gin-gonic/gin github.com/shirou/gopsutil database/sql",
		"it costs each command start-up time",
	},
}

func TestLinked(t *testing.T) {
	t.Parallel()
	for _, program := range slices.Sorted(maps.Keys(unlinked)) {
		rule := unlinked[program]
		for _, p := range list(t, "-deps", module+program) {
			for _, path := range strings.Fields(rule.paths) {
				if p.ImportPath == path || strings.HasPrefix(p.ImportPath, path+"/") {
					t.Errorf("%s links %s: %s", program, p.ImportPath, rule.why)
				}
			}
		}
	}
}
