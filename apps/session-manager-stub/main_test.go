package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func env(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestRun(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	defer end()
	lines, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, env(map[string]string{"PORT": "0", "SCENARIO": "slow"}), out) }()
	line, err := bufio.NewReader(lines).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url, ok := strings.CutSuffix(strings.TrimPrefix(line, "session-manager-stub: "), " plays slow\n")
	if !ok {
		t.Fatalf("printed %q", line)
	}
	response, err := http.Get(url + "/stub/scenarios")
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatal(response, err)
	}
	response.Body.Close()

	// Neither a connection without a request nor a request that waits keeps the stub
	// from ending.
	idle, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	waiting := make(chan error, 1)
	go func() {
		response, err := http.Get(url + "/health")
		if err == nil {
			response.Body.Close()
		}
		waiting <- err
	}()
	awaitRequest(t, url)
	end()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if <-waiting == nil {
		t.Error("an answer although the stub has ended")
	}
}

// awaitRequest returns once the stub has noted a request.
func awaitRequest(t *testing.T, url string) {
	t.Helper()
	for {
		response, err := http.Get(url + "/stub/requests")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), "/health") {
			return
		}
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for want, pairs := range map[string]map[string]string{
		"SCENARIO: no scenario \"x\": want one of init, qr_required, ": {"SCENARIO": "x"},
		"listen tcp": {"PORT": "99999"},
	} {
		if err := run(t.Context(), env(pairs), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
