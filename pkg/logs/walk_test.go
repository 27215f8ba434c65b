package logs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// stranger is a user who is neither root nor the one who runs the tests.
const stranger = 54321

func TestFoldersThatLinksMayStandIn(t *testing.T) {
	t.Parallel()
	for mode, ok := range map[os.FileMode]bool{
		0o700: true, 0o755: true, 0o770: true, // the group is our own
		0o777: false, 0o702: false,
		0o777 | os.ModeSticky: true,
	} {
		dir := t.TempDir()
		for name, path := range map[string]string{"link.log": "link.log", "folder": "folder/x.log"} {
			target := "real.log"
			if name == "folder" {
				target = t.TempDir()
			}
			if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, mode); err != nil {
				t.Fatal(err)
			}
			fd, _, err := openLog(filepath.Join(dir, path), true)
			if err == nil {
				unix.Close(fd)
			}
			if (err == nil) != ok {
				t.Errorf("%s in a folder of mode %v: %v", name, mode, err)
			}
			if err != nil && (!errors.Is(err, unix.EACCES) || !strings.Contains(err.Error(), name)) {
				t.Errorf("the error is %v", err)
			}
		}
	}
}

// Neither the file nor a folder on its way may be another user's link.
func TestLinksOfOthers(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can make what belongs to another user")
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.Mkdir(secret, 0o700); err != nil {
		t.Fatal(err)
	}
	victim := filepath.Join(secret, "x.log")
	if err := os.WriteFile(victim, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func(t *testing.T, dir string){
		"their link, our folder": func(t *testing.T, dir string) {
			link(t, victim, filepath.Join(dir, "x.log"), stranger)
		},
		"our link, their folder": func(t *testing.T, dir string) {
			link(t, victim, filepath.Join(dir, "x.log"), 0)
			chown(t, dir, stranger)
		},
		"their link, their folder": func(t *testing.T, dir string) {
			link(t, victim, filepath.Join(dir, "x.log"), stranger)
			chown(t, dir, stranger)
		},
		"their link, a sticky folder": func(t *testing.T, dir string) {
			link(t, victim, filepath.Join(dir, "x.log"), stranger)
			if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
				t.Fatal(err)
			}
		},
		"our link to their link": func(t *testing.T, dir string) {
			link(t, victim, filepath.Join(dir, "theirs"), stranger)
			link(t, "theirs", filepath.Join(dir, "x.log"), 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			make(t, dir)
			refuse(t, filepath.Join(dir, "x.log"), victim)
		})
	}
	t.Run("their link as a folder", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		link(t, secret, filepath.Join(dir, "logs"), stranger)
		chown(t, dir, stranger)
		refuse(t, filepath.Join(dir, "logs", "x.log"), victim)
		refuse(t, filepath.Join(dir, "logs", "new.log"), victim)
		refuse(t, filepath.Join(dir, "logs", "new", "x.log"), victim)
	})
}

// Their plain folder is no link: root may keep an app's logs beside the app.
func TestFolderOfAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can make what belongs to another user")
	}
	dir := t.TempDir()
	chown(t, dir, stranger)
	fd, _, err := openLog(filepath.Join(dir, "logs", "x.log"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || int(st.Uid) != os.Geteuid() || st.Mode&0o777 != fileMode {
		t.Errorf("owner %d, mode %o (%v)", st.Uid, st.Mode, err)
	}
}

// A file that somebody else has made beforehand, in a folder where all may write,
// is not written to; in a folder of our own a rotator may have made it.
func TestFileOfAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can make what belongs to another user")
	}
	for name, c := range map[string]struct {
		folder os.FileMode
		uid    int
		link   bool
		want   bool
	}{
		"made by another":   {os.ModeSticky | 0o777, stranger, false, false},
		"a second name":     {os.ModeSticky | 0o777, 0, true, false},
		"made by us":        {os.ModeSticky | 0o777, 0, false, true},
		"in our own folder": {0o755, stranger, false, true},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "x.log")
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		chown(t, path, c.uid)
		if c.link {
			if err := os.Link(path, path+".2"); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(dir, c.folder); err != nil {
			t.Fatal(err)
		}
		fd, _, err := openLog(path, true)
		if err == nil {
			unix.Close(fd)
		}
		if (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func link(t *testing.T, target, path string, uid int) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	chown(t, path, uid)
}

func chown(t *testing.T, path string, uid int) {
	t.Helper()
	if err := os.Lchown(path, uid, uid); err != nil {
		t.Fatal(err)
	}
}

// refuse wants that path is neither written, read nor emptied.
func refuse(t *testing.T, path, victim string) {
	t.Helper()
	for _, create := range []bool{true, false} {
		if fd, _, err := openLog(path, create); err == nil {
			unix.Close(fd)
			t.Errorf("%s is opened (create: %v)", path, create)
		} else if create && !errors.Is(err, unix.EACCES) {
			t.Errorf("the error is %v", err)
		}
	}
	if lines, _, err := Tail(path, 1, -1); err == nil {
		t.Errorf("%d lines of %s are read", len(lines), path)
	}
	f := start(t)
	if err := f.Truncate(f.context(), path); err == nil {
		t.Errorf("%s is emptied", path)
	}
	if b, err := os.ReadFile(victim); err != nil || string(b) != "secret\n" {
		t.Errorf("the victim holds %q (%v)", b, err)
	}
	if names, err := os.ReadDir(filepath.Dir(victim)); err != nil || len(names) != 1 {
		t.Errorf("beside the victim: %v (%v)", names, err)
	}
}

func TestPathsThatAreOpened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a/b"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"up": "a/b/../../real", "self": "self", "root": "/", "abs": dir, "into": "missing/folder", "file/x": "",
	} {
		if target == "" {
			continue
		}
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"up/x.log": "real/x.log", "abs/abs/a/y.log": "a/y.log", "into/z.log": "missing/folder/z.log",
		"./a/./b//w.log": "a/b/w.log", "self/x.log": "", "self": "", "root": "", "file/x.log": "", "a": "",
	} {
		fd, _, err := openLog(dir+"/"+path, true)
		if err == nil {
			unix.Close(fd)
		}
		if want == "" {
			if err == nil {
				t.Errorf("%s is opened", path)
			}
			continue
		}
		if _, statErr := os.Stat(filepath.Join(dir, want)); err != nil || statErr != nil {
			t.Errorf("%s: %v, %v", path, err, statErr)
		}
	}
}
