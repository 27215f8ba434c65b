package cli

import (
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/cgroup"
	"github.com/leadmaster/hub/pkg/systemd"
)

func TestStartupPrints(t *testing.T) {
	t.Parallel()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"plain":        {nil, []string{"HUB_HOME=DIR/home", "ExecStart=/nonexistent/hubd --resurrect", "WantedBy=multi-user.target"}},
		"an odd word":  {[]string{"ubuntu"}, []string{"ExecStart=/nonexistent/hubd --resurrect"}},
		"elsewhere":    {[]string{"--bin-dir", "/usr/bin"}, []string{"ExecStart=/usr/bin/hubd --resurrect", "ExecStop=/usr/bin/hubctl unit-stop"}},
		"another home": {[]string{"-u", me.Username, "--hp", "/nowhere"}, []string{"HUB_HOME=/nowhere/.hub"}},
		"PM2's --user": {[]string{"--user", me.Username, "--hp", "/nowhere"}, []string{"HUB_HOME=/nowhere/.hub"}},
		"user's own":   {[]string{"--user"}, []string{"WantedBy=default.target", "ExecStop=/nonexistent/hubctl"}},
		"name":         {[]string{"--service-name", "apps.service"}, []string{"RuntimeDirectory=apps\n", "PIDFile=%t/apps/next.pid"}},
		"network":      {[]string{"systemd", "--wait-ip"}, []string{"After=network-online.target"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			r := p.run(t, append([]string{"startup", "--print"}, c.args...)...)
			if r.code != 0 {
				t.Fatalf("exit code %d: %s", r.code, r.stderr)
			}
			for _, want := range c.want {
				if !strings.Contains(r.stdout, want) {
					t.Errorf("%q is missing in\n%s", want, r.stdout)
				}
			}
			if strings.Contains(r.stdout, "User=root") {
				t.Error("root needs no User=")
			}
		})
	}
}

func TestStartupRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"another init system": {[]string{"startup", "openrc"}, `init system "openrc" is not supported`},
		"the same":            {[]string{"unstartup", "launchd"}, "hubd --resurrect"},
		"nobody":              {[]string{"startup", "-u", "no such user", "--print"}, "-u no such user"},
		"user and -u":         {[]string{"startup", "--user", "-u", "root", "--print"}, "--user goes with neither"},
		"name":                {[]string{"startup", "--service-name", "a b\nUser=x", "--print"}, "can't be the name of a unit"},
		"a path":              {[]string{"startup", "--bin-dir", "/x\nUser=y", "--print"}, "can't stand in a unit"},
		"another path":        {[]string{"startup", "-u", "root", "--hp", "relative", "--print"}, "can't stand in a unit"},
		"no unit":             {[]string{"unstartup"}, "no unit starts the daemon of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			if r := p.run(t, c.args...); r.code != 1 || !strings.Contains(r.stderr, c.want) {
				t.Errorf("exit code %d: %s, want %q", r.code, r.stderr, c.want)
			}
		})
	}
}

// A unit that somebody else has written, or that is of another home, is not replaced.
func TestStartupReplacesOnlyItsOwn(t *testing.T) {
	t.Parallel()
	c := &ctl{}
	path := filepath.Join(t.TempDir(), "hubd.service")
	for text, want := range map[string]string{
		"[Service]\nExecStart=/bin/true\n":                                     "not of hub's",
		systemd.UnitFile{Name: "hubd", Home: "/other", BinDir: "/bin"}.Text():  "another HUB_HOME, /other",
		systemd.UnitFile{Name: "hubd", Home: "/wanted", BinDir: "/bin"}.Text(): "",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		err := c.replaceable(systemd.Manager{}, path, "/wanted")
		if got := ""; err != nil {
			got = err.Error()
			if want == "" || !strings.Contains(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		} else if want != "" {
			t.Errorf("replaced, want %q", want)
		}
	}
}

// Root executes nothing for others that they could replace.
func TestRooted(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root's programs are")
	}
	dir := t.TempDir()
	for _, name := range []string{"hubctl", "hubd", "hub-keeper"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if !rooted(dir) {
		t.Errorf("%s is not", dir)
	}
	for _, spoil := range []func() error{
		func() error { return os.Chmod(filepath.Join(dir, "hubctl"), 0o777) },
		func() error { return os.Chown(filepath.Join(dir, "hub-keeper"), 1000, 0) },
		func() error { return os.Chown(dir, 1000, 0) },
		func() error { return os.Remove(filepath.Join(dir, "hubd")) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if rooted(dir) {
			t.Error("somebody else can replace it")
		}
		for _, name := range []string{"hubctl", "hub-keeper", "."} {
			path := filepath.Join(dir, name)
			if err := os.Chown(path, 0, 0); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestCommandForRoot(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		home, want string
		o          unitOptions
	}{
		{"/home/bob/.hub", "sudo SELF startup systemd -u ann --hp /home/bob", unitOptions{}},
		{"/srv/my hub", "sudo env HUB_HOME='/srv/my hub' SELF startup systemd -u ann", unitOptions{}},
		{"/home/b'ob/.hub", `sudo SELF startup systemd -u ann --hp '/home/b'\''ob' --service-name x --wait-ip --bin-dir /opt/hub`, unitOptions{name: "x", waitIP: true, binDir: "/opt/hub"}},
	} {
		p := newPlace(t)
		c := &ctl{System: p.sys}
		if err := c.asRoot("startup", systemd.UnitFile{Home: test.home, Account: "ann"}, &test.o); err != errReported {
			t.Errorf("%v", err)
		}
		lines := strings.Split(strings.TrimSpace(p.stdout.String()), "\n")
		want := strings.NewReplacer("SELF", shellWord(self)).Replace(test.want)
		if got := lines[len(lines)-1]; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestPM2User(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"systemd --user bob":        "systemd --as bob",
		"--user bob --hp /home/bob": "--as bob --hp /home/bob",
		"--user=bob":                "--as bob",
		"--user systemd":            "--user systemd",
		"--user":                    "--user",
		"--user --print":            "--user --print",
		"--user=true":               "--user=true",
		"systemd -u bob --hp /h":    "systemd -u bob --hp /h",
	} {
		if got := pm2User(strings.Fields(in)); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: %q, want %s", in, got, want)
		}
	}
}

// What a stop has left is killed in all groups below the unit's, and nobody else.
func TestKillGroup(t *testing.T) {
	t.Parallel()
	tree, err := cgroup.Open("hub-test-cli-" + strconv.Itoa(os.Getpid()))
	if err != nil {
		t.Skip("no cgroups here:", err)
	}
	t.Cleanup(func() {
		if err := tree.Prune(func(string) bool { return false }); err != nil {
			t.Error(err)
		}
	})
	for _, member := range []string{"a", "b"} {
		pid := sleeper(t).Process.Pid
		if err := tree.Put(member, []int{pid}); err != nil {
			t.Fatal(err)
		}
	}
	other := sleeper(t).Process.Pid
	if killed, err := killGroup(tree.Dir()); err != nil || killed != 2 {
		t.Errorf("%d killed, %v", killed, err)
	}
	if pids, err := processesBelow(tree.Dir()); err != nil || len(pids) > 0 {
		t.Errorf("left: %v, %v", pids, err)
	}
	if _, err := os.Stat(filepath.Join("/proc", strconv.Itoa(other))); err != nil {
		t.Errorf("a process of no group: %v", err)
	}
}
