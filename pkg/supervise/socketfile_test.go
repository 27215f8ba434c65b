package supervise

import (
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

// other is a user that is neither root nor this process.
const other = 54321

// ofOther is a folder of that user's, and one that is not.
func ofOther(t *testing.T) (theirs, ours string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file to another user")
	}
	dir := t.TempDir()
	theirs, ours = filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
	if err := errors.Join(os.MkdirAll(filepath.Join(theirs, "run"), 0o755), os.Mkdir(ours, 0o755),
		os.Chown(theirs, other, other), os.Chown(filepath.Join(theirs, "run"), other, other)); err != nil {
		t.Fatal(err)
	}
	return theirs, ours
}

// linkOf makes a link of that user's.
func linkOf(t *testing.T, target, name string) {
	t.Helper()
	if err := errors.Join(os.Symlink(target, name), os.Lchown(name, other, other)); err != nil {
		t.Fatal(err)
	}
}

// A link of another user leads no socket, no folder and no removal out of that user's
// own folders.
func TestLinksOfOthers(t *testing.T) {
	t.Parallel()
	theirs, ours := ofOther(t)
	linkOf(t, ours, filepath.Join(theirs, "out"))
	linkOf(t, filepath.Join(theirs, "run"), filepath.Join(theirs, "in"))
	dead, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(dead, &unix.SockaddrUnix{Name: filepath.Join(ours, "app.sock")}); err != nil {
		t.Fatal(err)
	}
	unix.Close(dead)
	for _, path := range []string{"out/app.sock", "out/made/app.sock"} {
		fd, err := listenUnix(filepath.Join(theirs, path))
		if err == nil || !strings.Contains(err.Error(), "a link of user 54321 leads into a folder of user 0") {
			t.Errorf("%s: %v", path, err)
		}
		closeFD(fd)
	}
	id := fileAt(filepath.Join(ours, "app.sock"))
	if id == (fileID{}) {
		t.Error("a link of another user has led to the removal of a socket")
	}
	if err := id.remove(filepath.Join(theirs, "out/app.sock")); err == nil || fileAt(filepath.Join(ours, "app.sock")) != id {
		t.Errorf("removed by way of the link: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(ours, "made")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder was made by way of the link: %v", err)
	}
	fd, err := listenUnix(filepath.Join(theirs, "in/new/app.sock"))
	if err != nil {
		t.Fatal(err)
	}
	closeFD(fd)
}

// What somebody swaps after the folder was opened makes no difference.
func TestFolderIsWalkedOnce(t *testing.T) {
	t.Parallel()
	theirs, ours := ofOther(t)
	run := filepath.Join(theirs, "run")
	p, err := openPlace(filepath.Join(run, "app.sock"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if err := os.Rename(run, run+".old"); err != nil {
		t.Fatal(err)
	}
	linkOf(t, ours, run)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := errors.Join(unix.Bind(fd, p.address()), p.openToAll()); err != nil {
		t.Fatal(err)
	}
	if fileAt(filepath.Join(ours, "app.sock")) != (fileID{}) || fileAt(filepath.Join(run+".old", "app.sock")) == (fileID{}) {
		t.Error("the socket was made where the link leads")
	}
}

// The path stands in the address where nobody else can lead it elsewhere, as in a
// sticky folder.
func TestSocketAddress(t *testing.T) {
	t.Parallel()
	theirs, ours := ofOther(t)
	if err := errors.Join(os.Chmod(ours, 0o777|os.ModeSticky), os.Mkdir(filepath.Join(ours, "root"), 0o755)); err != nil {
		t.Fatal(err)
	}
	for path, itself := range map[string]bool{
		filepath.Join(ours, "app.sock"):       true,
		filepath.Join(ours, "root/app.sock"):  true,
		filepath.Join(theirs, "app.sock"):     true,
		filepath.Join(theirs, "run/app.sock"): false,
	} {
		p, err := openPlace(path, false)
		if err != nil {
			t.Fatal(err)
		}
		if name := p.address().Name; (name == path) != itself {
			t.Errorf("%s: %s", path, name)
		}
		p.close()
	}
}

// A long path is told from another one with the same last part.
func TestLongPathIsRecognised(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can ask for the file of a socket")
	}
	dir := filepath.Join(t.TempDir(), strings.Repeat("a long folder/", 10))
	one, two := filepath.Join(dir, "one/app.sock"), filepath.Join(dir, "two/app.sock")
	var fds []int
	for _, path := range []string{one, two} {
		fd, err := listenUnix(path)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		fds = append(fds, fd)
	}
	if !listensAt(fds[0], spec.Address{Path: one}) || listensAt(fds[0], spec.Address{Path: two}) {
		t.Error("one of two long paths is taken for the other")
	}
}

// A socket that its process has bound and does not listen on yet is no dead one; what
// that accepts later has its path and is no such one either.
func TestBoundIsNotDead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.sock")
	bound, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(bound, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	id := fileAt(path)
	if fd, err := listenUnix(path); !errors.Is(err, unix.EADDRINUSE) || fileAt(path) != id {
		closeFD(fd)
		t.Fatalf("replaced: %v", err)
	}
	if err := unix.Listen(bound, 1); err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, _, err := unix.Accept4(bound, unix.SOCK_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(server)
	unix.Close(bound)
	at, err := spec.ParseAddress("unix:" + path)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := newSockets(noKeeper{}, slog.New(slog.DiscardHandler)).listen(at)
	if err != nil {
		t.Fatal(err)
	}
	closeFD(fd)
}
