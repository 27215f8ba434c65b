package daemon

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
	"github.com/varlink/go/varlink/idl"
)

func described(t testing.TB) *idl.IDL {
	t.Helper()
	d, err := idl.New(api.Description)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// wrongValue is a value that a parameter can't have.
func wrongValue(t *idl.Type) string {
	for t.Kind == idl.TypeMaybe {
		t = t.ElementType
	}
	if t.Kind == idl.TypeString {
		return "12"
	}
	return `"word"`
}

// The parameters of every method, right and wrong. After each the connection
// serves on.
func TestParameters(t *testing.T) {
	t.Parallel()
	r := serve(t)
	for _, m := range described(t).Methods {
		l := r.connect()
		method := full(m.Name)
		refused := func(parameters string, words ...string) {
			t.Helper()
			a := l.ask(method, parameters)
			if a.Error != api.CodeInvalid {
				t.Errorf("%s(%s): %s %s", m.Name, parameters, a.Error, a.Parameters)
			}
			for _, w := range words {
				if !strings.Contains(string(a.Parameters), w) {
					t.Errorf("%s(%s): %s does not say %s", m.Name, parameters, a.Parameters, w)
				}
			}
		}
		refused(`{"no_such":1}`, "no_such")
		refused(`[]`)
		refused(`7`)
		for _, f := range m.In.Fields {
			refused(fmt.Sprintf(`{%q:%s}`, f.Name, wrongValue(f.Type)), f.Name)
		}
		for _, parameters := range []string{"", "null", "{}"} {
			a := l.ask(method, parameters)
			if strings.HasPrefix(a.Error, "org.varlink.") || a.Continues {
				t.Errorf("%s(%s): %+v", m.Name, parameters, a)
			}
		}
		if a := l.ask(full("Daemon"), ""); a.Error != "" {
			t.Errorf("after %s: %s", m.Name, a.Error)
		}
	}
}

func TestVarlinkItself(t *testing.T) {
	t.Parallel()
	r := serve(t)
	l := r.connect()
	for _, c := range []struct{ method, parameters, err, says string }{
		{"org.varlink.service.GetInfo", "", "", `"com.leadmaster.hub"`},
		{"org.varlink.service.GetInterfaceDescription", `{"interface":"com.leadmaster.hub"}`, "", "method Resurrect"},
		{"org.varlink.service.GetInterfaceDescription", `{"interface":"com.example"}`, "org.varlink.service.InvalidParameter", "interface"},
		{full("Fly"), "", "org.varlink.service.MethodNotFound", "Fly"},
		{"com.example.Fly", "", "org.varlink.service.InterfaceNotFound", "com.example"},
		{"Fly", "", "org.varlink.service.InvalidParameter", "method"},
	} {
		a := l.ask(c.method, c.parameters)
		if a.Error != c.err || !strings.Contains(string(a.Parameters), c.says) {
			t.Errorf("%s(%s): %s %s", c.method, c.parameters, a.Error, a.Parameters)
		}
	}
}

// A second client that nobody here wrote.
func TestVarlinkctl(t *testing.T) {
	t.Parallel()
	ctl, err := exec.LookPath("varlinkctl")
	if err != nil {
		t.Skip("there is no varlinkctl (systemd 255 or later)")
	}
	r := serve(t)
	r.begin(r.app("app", idle))
	address := "unix:" + r.path("hubd.sock")
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"introspect", address, api.Interface}, "method Resurrect"},
		{[]string{"call", "--json=short", address, full("Daemon"), "{}"}, `"pid"`},
		{[]string{"call", "--json=short", address, full("Processes"), "{}"}, `"pm2_env"`},
		{[]string{"call", "--json=short", "--more", address, full("List"), "{}"}, `"online"`},
	} {
		out, err := exec.CommandContext(r.context(), ctl, c.args...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), c.says) {
			t.Errorf("varlinkctl %v: %v\n%s", c.args, err, out)
		}
	}
}

func TestMessageThatIsNoJSON(t *testing.T) {
	t.Parallel()
	r := serve(t)
	for _, text := range []string{"", "{", "hello", `{"method":7}`, "[]", "\xff\xfe"} {
		l := r.connect()
		l.send(text)
		l.wantClosed()
	}
	if _, err := r.Daemon(r.context()); err != nil {
		t.Error(err)
	}
}

// Who expects no reply gets none, and what comes next on the connection is the
// answer to the next call.
func TestOneway(t *testing.T) {
	t.Parallel()
	r := serve(t)
	l := r.connect()
	for _, m := range described(t).Methods {
		if m.Name != "Daemon" {
			l.send(fmt.Sprintf(`{"method":%q,"oneway":true,"parameters":{"no_such":1}}`, full(m.Name)))
			l.send(fmt.Sprintf(`{"method":%q,"oneway":true}`, full(m.Name)))
		}
	}
	if a := l.ask(full("Daemon"), ""); !strings.Contains(string(a.Parameters), `"home"`) {
		t.Errorf("got %s", a.Parameters)
	}
}

func TestPipelinedCalls(t *testing.T) {
	t.Parallel()
	r := serve(t)
	l := r.connect()
	var calls []string
	for range 100 {
		calls = append(calls, `{"method":"com.leadmaster.hub.Daemon"}`, `{"method":"com.leadmaster.hub.List","more":true}`, `{"method":"com.leadmaster.hub.Saved"}`)
	}
	l.send(calls...)
	for n := range 100 {
		daemon, list, saved := l.next(full("Daemon")), l.next(full("List")), l.next(full("Saved"))
		if daemon.Error != "" || list.Error != "" || saved.Error != api.CodeNotFound {
			t.Fatalf("round %d: %+v %+v %+v", n, daemon, list, saved)
		}
	}
}

// Without more there is one reply with everything; with more there are several,
// and the last does not continue.
func TestManyReplies(t *testing.T) {
	t.Parallel()
	r := serve(t)
	const n = 2*batch + 1
	r.begin(r.app("held", idle, func(s *spec.Spec) { s.Instances, s.Autostart = n, false }))
	l := r.connect()
	for _, method := range []string{"List", "Processes"} {
		if got := elements(t, l.ask(full(method), "")); got != n {
			t.Errorf("%s: one reply with %d", method, got)
		}
		l.send(fmt.Sprintf(`{"method":%q,"more":true}`, full(method)))
		total, replies := 0, 0
		for more := true; more; replies++ {
			a := l.next(full(method))
			got := elements(t, a)
			if got > batch {
				t.Errorf("%s: %d in one of several replies", method, got)
			}
			total, more = total+got, a.Continues
		}
		if total != n || replies < 3 {
			t.Errorf("%s: %d in %d replies", method, total, replies)
		}
	}
}

// elements counts what is in the array of a reply.
func elements(t testing.TB, a reply) int {
	t.Helper()
	var fields map[string][]json.RawMessage
	if err := json.Unmarshal(a.Parameters, &fields); err != nil {
		t.Fatal(err)
	}
	for _, list := range fields {
		return len(list)
	}
	return 0
}

// Every method with something to tell, its replies held against the interface.
func TestRepliesFitTheInterface(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", "echo up; printf 'b\\377d\\n' >&2; read x", func(s *spec.Spec) { s.Instances = 2 }))
	specs, err := json.Marshal([]spec.Spec{r.app("other", idle), r.app("dies", "echo last words >&2; exit 3", func(s *spec.Spec) {
		s.MinUptime, s.MaxRestarts = spec.Duration(deadline), 1
	})})
	if err != nil {
		t.Fatal(err)
	}
	l := r.connect()
	for _, c := range []struct{ method, parameters string }{
		{"Daemon", ""}, {"List", `{"host":true}`}, {"Processes", `{"targets":["app"],"detail":true}`},
		{"Start", `{"specs":` + string(specs) + `,"env":["PATH=/bin"]}`},
		{"Act", `{"action":"restart","targets":["app","nobody"]}`},
		{"Logs", `{}`}, {"Logs", `{"targets":["hubd"]}`}, {"Events", `{}`}, {"Dump", `{}`}, {"Saved", ""}, {"Strays", ""}, {"Resurrect", ""},
		{"LogControl", `{"action":"flush"}`}, {"Act", `{"action":"delete","targets":["all"]}`},
		{"List", `{}`}, {"Processes", `{}`}, {"Resurrect", ""}, {"Control", `{"action":"kill"}`},
	} {
		if a := l.ask(full(c.method), c.parameters); a.Error != "" {
			t.Errorf("%s(%s): %s %s", c.method, c.parameters, a.Error, a.Parameters)
		}
	}
	if err := receive(t, r.ended); err != nil {
		t.Error(err)
	}
	r.ended <- nil // for the end of the test
}
