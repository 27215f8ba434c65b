package systemd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestUnitFileReadsBack(t *testing.T) {
	t.Parallel()
	for name, u := range map[string]UnitFile{
		"root":   {Name: "hubd", Home: "/root/.hub", BinDir: "/usr/bin", StopTime: 5 * time.Second},
		"odd":    {Name: "hubd-bob", Home: `/srv/100% "mine"\ $HOME`, BinDir: "/opt/my hub/$bin", Account: "bob", Rooted: true},
		"bob's":  {Name: "hubd-bob", Home: "/home/bob/.hub", BinDir: "/home/bob/bin", Account: "bob"},
		"user":   {Name: "hubd", Home: "/home/bob/.hub", BinDir: "/usr/bin", User: true},
		"online": {Name: "hubd", Home: "/root/.hub", BinDir: "/usr/bin", WaitOnline: true, Version: 257},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := u.Text()
			dir := t.TempDir()
			path := filepath.Join(dir, u.Name+".service")
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			m := Manager{User: u.User}
			got := m.findIn([]string{filepath.Join(dir, "missing"), dir}, u.Home)
			if got == nil || got.Name != u.Name+".service" || got.Account != u.Account || got.Path != path || got.User != u.User {
				t.Fatalf("found %+v in\n%s", got, text)
			}
			if other := m.findIn([]string{dir}, u.Home+"2"); other != nil {
				t.Errorf("another home has %+v", other)
			}
			for setting, want := range map[string]bool{
				"\nUser=": u.Account != "", "DelegateSubgroup=hub": u.Version >= 254, "Wants=network-online.target": u.WaitOnline,
				"ExecStop=+": u.Rooted, "ExecStopPost=+": u.Rooted, "WantedBy=multi-user.target": !u.User, "WantedBy=default.target": u.User,
			} {
				if strings.Contains(text, setting) != want {
					t.Errorf("%q is there: %v\n%s", setting, !want, text)
				}
			}
		})
	}
}

func TestStopTime(t *testing.T) {
	t.Parallel()
	text := UnitFile{Name: "hubd", StopTime: 90 * time.Second}.Text()
	if !strings.Contains(text, "\nTimeoutStopSec=120\n") {
		t.Error(text)
	}
}

// A unit that an administrator has masked, or replaced, is the one that counts.
func TestFirstFolderCounts(t *testing.T) {
	t.Parallel()
	etc, lib := t.TempDir(), t.TempDir()
	text := UnitFile{Name: "hubd", Home: "/root/.hub", BinDir: "/usr/bin"}.Text()
	if err := os.WriteFile(filepath.Join(lib, "hubd.service"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	folders := []string{etc, lib}
	if (Manager{}).findIn(folders, "/root/.hub") == nil {
		t.Error("the unit of the package is not found")
	}
	if err := os.Symlink("/dev/null", filepath.Join(etc, "hubd.service")); err != nil {
		t.Fatal(err)
	}
	if i := (Manager{}).findIn(folders, "/root/.hub"); i != nil {
		t.Errorf("a masked unit is found: %+v", i)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[Service]\nExecStart=/usr/bin/hubd --resurrect\nEnvironment=HUB_HOME=/a\n":          "/a",
		"[Service]\nExecStart=\"/my bin/hubd\" --resurrect\nEnvironment=\"HUB_HOME=/a b\"\n": "/a b",
		"[Service]\nExecStart=/usr/bin/hubd\n":                                               "",
		"[Service]\nExecStart=/usr/bin/nothubd\nEnvironment=HUB_HOME=/a\n":                   "",
		"[Service]\nExecStart=/usr/sbin/nginx\n":                                             "",
		"":                                                                                   "",
	} {
		path := filepath.Join(t.TempDir(), "x.service")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		got := ""
		if i := (Manager{}).Read(path); i != nil {
			got = i.Home
		}
		if got != want {
			t.Errorf("home of %q: %q, want %q", text, got, want)
		}
	}
}

func TestJobOf(t *testing.T) {
	t.Parallel()
	const list = "  77 hubd-bob.service stop    running\n1234 hubd.service     restart waiting\n"
	for unit, want := range map[string]string{"hubd.service": "restart", "hubd-bob.service": "stop", "bob.service": ""} {
		if got := jobOf(list, unit); got != want {
			t.Errorf("%s: %q, want %q", unit, got, want)
		}
	}
}

func TestVersionOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"systemd 252 (252.39-1~deb12u1)\n+PAM\n": 252, "systemd 254~rc1 (254~rc1)": 254, "systemd 257.8": 257, "": 0, "upstart": 0, "systemd v2": 0,
	} {
		if got, err := versionOf(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
}
