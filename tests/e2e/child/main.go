// Command child is an app for tests: it does one thing that is awkward in
// shell, named by its first argument.
package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/ready"
)

func main() {
	if len(os.Args) < 2 {
		fail("want a mode")
	}
	args := os.Args[2:]
	switch mode := os.Args[1]; mode {
	case "lines": // WRITER COUNT: numbered lines, as fast as they go, then the end
		lines(args[0], number(args[1]))
	case "shreds": // WRITER COUNT: the same in writes that end anywhere
		shreds(args[0], number(args[1]))
	case "stubborn": // no signal but SIGKILL ends it
		stubborn()
	case "eat": // MEBIBYTES: memory that is in use
		eat(number(args[0]))
	case "ready": // waits for SIGUSR1 if told so, then says ready
		sayReady(len(args) > 0 && args[0] == "later")
	case "status": // TEXT: says ready with that status
		sayStatus(args[0])
	case "tick": // FILE: a line fifty times a second, its number in the file too
		tick(args[0])
	case "drain": // LINE: runs it; told to end, makes the file drained and waits for it
		drain(args[0])
	case "answer": // [ADDRESS…]: on the sockets that it is passed, and there
		answer(args)
	case "ask": // ADDRESS [once]: somebody who answers
		ask(args[0], len(args) > 1)
	case "frames": // things that are no messages, on the IPC channel
		frames()
	case "--self-check": // passes for a hubd that can take over, and then can't
		fmt.Println("hubd can take over: " + api.Version)
	default:
		fail("unknown mode " + mode)
	}
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, "child:", text)
	os.Exit(2)
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		fail(err.Error())
	}
	return n
}

func lines(writer string, count int) {
	out := bufio.NewWriterSize(os.Stdout, 64<<10)
	for n := 1; n <= count; n++ {
		fmt.Fprintf(out, "%s %d\n", writer, n)
	}
	out.Flush()
}

func shreds(writer string, count int) {
	var text []byte
	for n := 1; n <= count; n++ {
		text = fmt.Appendf(text, "%s %d\n", writer, n)
	}
	for len(text) > 0 {
		n := min(1+rand.IntN(40), len(text))
		if _, err := os.Stdout.Write(text[:n]); err != nil {
			fail(err.Error())
		}
		text = text[n:]
	}
}

func stubborn() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	fmt.Println("up")
	for s := range signals {
		fmt.Println("ignored", s)
	}
}

func eat(mebibytes int) {
	memory := make([]byte, mebibytes<<20)
	for n := 0; n < len(memory); n += 4096 {
		memory[n] = 1
	}
	fmt.Println("ate", mebibytes)
	forever()
	_ = memory[0]
}

func sayReady(later bool) {
	if later {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGUSR1)
		fmt.Println("waiting")
		<-signals
	}
	if err := ready.Notify(); err != nil {
		fail(err.Error())
	}
	if err := ready.Status("serving"); err != nil {
		fail(err.Error())
	}
	fmt.Println("said ready")
	forever()
}

func sayStatus(text string) {
	if err := ready.Notify(); err != nil {
		fail(err.Error())
	}
	if err := ready.Status(text); err != nil {
		fail(err.Error())
	}
	forever()
}

func tick(file string) {
	n := 0
	for range time.Tick(20 * time.Millisecond) {
		n++
		if _, err := fmt.Println("line", n); err != nil {
			fail(err.Error())
		}
		if err := os.WriteFile(file+".new", fmt.Appendln(nil, n), 0o600); err != nil {
			fail(err.Error())
		}
		if err := os.Rename(file+".new", file); err != nil {
			fail(err.Error())
		}
	}
}

func drain(line string) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT)
	worker := exec.Command("sh", "-c", line)
	worker.Stdout = os.Stdout
	if err := worker.Start(); err != nil {
		fail(err.Error())
	}
	<-signals
	if err := os.WriteFile("drained", nil, 0o600); err != nil {
		fail(err.Error())
	}
	if err := worker.Wait(); err != nil {
		fail(err.Error())
	}
}

func frames() {
	channel := os.NewFile(uintptr(number(os.Getenv("NODE_CHANNEL_FD"))), "channel")
	for _, text := range []string{"\n\n", "{\n", "nonsense\n", "\x00\xff\n", "[[[[\n", "\"rea", "dy"} {
		if _, err := channel.WriteString(text); err != nil {
			fail(err.Error())
		}
	}
	// A frame without end: the daemon may hang up, which is no harm to us.
	filler := make([]byte, 1<<20)
	for n := range filler {
		filler[n] = 'x'
	}
	for range 64 {
		if _, err := channel.Write(filler); err != nil {
			fmt.Println("the channel was closed")
			break
		}
	}
	fmt.Println("still here")
	forever()
}

// forever waits for a signal that ends the program, and obeys.
func forever() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	<-signals
}
