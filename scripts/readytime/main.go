// Readytime runs a program RUNS times in the present folder and prints the median time
// from its exec to its READY=1 (sd_notify(3)). Usage: readytime RUNS PROGRAM [ARG ...]
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	runs := 0
	if len(os.Args) > 2 {
		runs, _ = strconv.Atoi(os.Args[1])
	}
	if runs <= 0 {
		fmt.Fprintln(os.Stderr, "usage: readytime RUNS PROGRAM [ARG ...]")
		os.Exit(2)
	}
	took, err := all(runs, os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "readytime:", err)
		os.Exit(1)
	}
	slices.Sort(took)
	fmt.Printf("median %v, max %v\n", took[runs/2].Round(100*time.Microsecond), took[runs-1].Round(100*time.Microsecond))
}

func all(runs int, command []string) ([]time.Duration, error) {
	dir, err := os.MkdirTemp("", "readytime")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: path})
	if err != nil {
		return nil, err
	}
	defer socket.Close()
	took := make([]time.Duration, runs)
	for i := range took {
		if took[i], err = once(socket, path, command); err != nil {
			return nil, err
		}
	}
	return took, nil
}

func once(socket *net.UnixConn, path string, command []string) (time.Duration, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+path)
	cmd.Stderr = os.Stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	message, err := next(socket)
	took := time.Since(start)
	err = errors.Join(err, cmd.Process.Signal(unix.SIGTERM), cmd.Wait())
	if err != nil || !strings.Contains(message, "READY=1") {
		return 0, fmt.Errorf("it said %q instead of READY=1 (%w)", message, err)
	}
	_, err = next(socket) // STOPPING=1
	return took, err
}

func next(socket *net.UnixConn) (string, error) {
	if err := socket.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return "", err
	}
	b := make([]byte, 1024)
	n, err := socket.Read(b)
	return string(b[:n]), err
}
