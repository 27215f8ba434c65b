package databasetest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// addressVar names the server for the tests of a binary.
const addressVar = "CENTRAL_HUB_TEST_MARIADB"

// patience is how long a server may take until it answers, on a busy machine.
const patience = 60 * time.Second

// server is a MariaDB in a folder of its own.
type server struct {
	address string // empty: there is no MariaDB
	dir     string
	life    io.Closer // what it lives as long as
	ended   chan struct{}
	// complaint is what the script had to say, once it has ended.
	complaint bytes.Buffer
}

// script makes the data and runs the server until standard input ends, which is at the
// latest when the tests do, however they end. It leaves nothing behind. Of a server that
// ends before it says why: to nobody, where the tests are gone (PIPE).
const script = `
set -e
trap '' PIPE
trap 'set +e; tail -c 1000 "$DIR/log" >&2; rm -rf "$DIR"' EXIT
"$INSTALL" --no-defaults --datadir="$DIR/data" --auth-root-authentication-method=normal --skip-test-db $USER_FLAG >"$DIR/log" 2>&1
exec 3<&0
"$MARIADBD" --no-defaults --datadir="$DIR/data" $USER_FLAG --socket="$DIR/socket" --pid-file="$DIR/pid" \
	--port="$PORT" --bind-address=127.0.0.1 --skip-name-resolve --skip-log-bin --max-connections=500 \
	--innodb-buffer-pool-size=8M --innodb-log-file-size=4M --innodb-flush-log-at-trx-commit=0 >"$DIR/log" 2>&1 3<&- &
server=$!
(cat <&3 >/dev/null; kill -9 $server) 2>/dev/null &
watcher=$!
wait $server || kill $watcher 2>/dev/null
`

// start starts a server in dir. The error has the end of what it said.
func start(dir string) (*server, error) {
	program, install := find("mariadbd"), find("mariadb-install-db")
	if program == "" || install == "" {
		return &server{dir: dir}, nil
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = append(os.Environ(), "DIR="+dir, "MARIADBD="+program, "INSTALL="+install, "PORT="+port)
	if os.Geteuid() == 0 {
		cmd.Env = append(cmd.Env, "USER_FLAG=--user=root")
	}
	life, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	// Not for the signals of a terminal, which end the tests: the script is to see that.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	s := &server{address: address, dir: dir, life: life, ended: make(chan struct{})}
	cmd.Stderr = &s.complaint
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = cmd.Wait()
		close(s.ended)
	}()
	if err := s.await(); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func find(name string) string {
	for _, name := range []string{name, filepath.Join("/usr/sbin", name)} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return "127.0.0.1:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// await returns when somebody answers.
func (s *server) await() error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(patience)
	for {
		select {
		case <-s.ended:
			return fmt.Errorf("it did not start: %s", &s.complaint)
		case <-deadline:
			return fmt.Errorf("it did not answer: %s", s.said())
		case <-again.C:
		}
		conn, err := net.Dial("tcp", s.address)
		if err == nil {
			conn.Close()
			return nil
		}
	}
}

// said returns the end of its log.
func (s *server) said() []byte {
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return bytes.TrimSpace(text[max(0, len(text)-1000):])
}

// stop returns when nothing of it is left.
func (s *server) stop() {
	if s.life != nil {
		s.life.Close()
		<-s.ended
	}
	os.RemoveAll(s.dir)
}
