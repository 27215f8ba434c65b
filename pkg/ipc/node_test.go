package ipc

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// startNode runs script in an unmodified Node whose channel is l. The returned
// function waits for the end of the process and gives its standard error.
func startNode(t *testing.T, script string) (l *link, wait func() (stderr string, err error)) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: the channel is not tested against it")
	}
	l, theirs := newOpenLink(t, runningLoop(t))
	end := os.NewFile(uintptr(theirs), "channel")
	defer end.Close()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	cmd := exec.CommandContext(ctx, node, "-e", script)
	cmd.ExtraFiles = []*os.File{end}
	cmd.Env = append(os.Environ(), "NODE_CHANNEL_FD=3", "NODE_CHANNEL_SERIALIZATION_MODE=json")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	t.Cleanup(cancel)
	return l, func() (string, error) {
		err := receive(t, done)
		return stderr.String(), err
	}
}

func mustExit(t *testing.T, wait func() (string, error)) {
	t.Helper()
	if stderr, err := wait(); err != nil {
		t.Errorf("node ended with %v: %s", err, stderr)
	}
}

func expect(t *testing.T, l *link, want string) {
	t.Helper()
	if got := receive(t, l.messages); got != want {
		t.Fatalf("message %q, want %q", got, want)
	}
}

func TestNodeSaysReadyAndEndsByItself(t *testing.T) {
	t.Parallel()
	l, wait := startNode(t, `process.send('ready')`)
	if got := receive(t, l.messages); !IsReady([]byte(got)) {
		t.Errorf("message %q", got)
	}
	mustExit(t, wait)
	if err := receive(t, l.closed); err != nil {
		t.Errorf("closed with %v", err)
	}
}

func TestNodeTalksBothWaysAndHearsDisconnect(t *testing.T) {
	t.Parallel()
	l, wait := startNode(t, `
		process.on('message', m => process.send({echo: m}));
		process.on('disconnect', () => process.exit(process.connected ? 1 : 0));
		process.send('ready')`)
	expect(t, l, `"ready"`)
	if err := l.Send(map[string]any{"text": "línea\nnueva", "n": 1.5}); err != nil {
		t.Fatal(err)
	}
	expect(t, l, `{"echo":{"n":1.5,"text":"línea\nnueva"}}`)
	big := strings.Repeat("x", 500_000)
	if err := l.Send(big); err != nil {
		t.Fatal(err)
	}
	expect(t, l, `{"echo":"`+big+`"}`)
	l.Disconnect()
	mustExit(t, wait)
}

func TestNodeSendsHandleAndGoesOn(t *testing.T) {
	t.Parallel()
	l, wait := startNode(t, `
		const server = require('net').createServer().listen(0, '127.0.0.1', () => {
			process.send({first: 1}, server);
			process.send({second: 2}, server);
			process.send('later');
		});
		process.on('message', () => process.exit(0))`)
	expect(t, l, `{"first":1}`)
	expect(t, l, `{"second":2}`)
	expect(t, l, `"later"`)
	if err := l.Send("end"); err != nil {
		t.Fatal(err)
	}
	mustExit(t, wait)
}

func TestNodeSurvivesFloodOfItsOwn(t *testing.T) {
	t.Parallel()
	l, wait := startNode(t, `
		for (let i = 0; i < 5000; i++) process.send({i, pad: 'x'.repeat(100)});
		process.send('end')`)
	for range 5000 {
		receive(t, l.messages)
	}
	expect(t, l, `"end"`)
	mustExit(t, wait)
}
