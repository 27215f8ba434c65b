// Command child is the app in Go of the chaos test: it writes numbered lines in
// all the ways that there are, keeps its own book of them, and ends as its
// generation says.
package main

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/leadmaster/hub/tests/chaos/account"
)

// plan is what the command line asks for.
type plan struct {
	role   string        // main; hatch, which leaves a child behind; child
	life   time.Duration // about how long it lives; 0: until it is told to end
	pause  time.Duration // longest pause between lines
	mixed  bool          // lines of all lengths
	both   bool          // to stderr too
	halves bool          // some lines in two writes, with a pause in between
	brood  bool          // leaves a process behind that has left its session
}

func main() {
	var p plan
	flag.StringVar(&p.role, "role", "main", "")
	flag.DurationVar(&p.life, "life", 0, "")
	flag.DurationVar(&p.pause, "pause", 20*time.Millisecond, "")
	flag.BoolVar(&p.mixed, "mixed", false, "")
	flag.BoolVar(&p.both, "both", false, "")
	flag.BoolVar(&p.halves, "halves", false, "")
	flag.BoolVar(&p.brood, "brood", false, "")
	flag.Parse()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT)
	err := run(p, signals)
	fmt.Fprintln(os.Stderr, "child:", err) // no numbered line: the test will find it
	os.Exit(2)
}

func run(p plan, told <-chan os.Signal) error {
	if p.role == "hatch" {
		if err := hatch("child", "-life", "2s").Start(); err != nil {
			return err
		}
		os.Exit(0)
	}
	book, err := account.Open(p.role == "main", p.mixed)
	if err != nil {
		return err
	}
	if p.brood {
		if err := hatch("hatch").Run(); err != nil {
			return err
		}
	}
	w := &writer{plan: p, book: book, dice: dice(book.Launch())}
	if err := w.write(told); err != nil {
		return err
	}
	return die(book)
}

// hatch is this program in another role, in a session of its own.
func hatch(role string, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", append([]string{"-role", role}, args...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

func dice(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(h.Sum64(), 1))
}

// die ends the process as its generation says.
func die(book *account.Book) error {
	fate := account.FateOf(book.Generation)
	if err := book.Ends(fate); err != nil {
		return err
	}
	switch fate.Signal {
	case "SIGKILL":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // nothing returns from it
	case "SIGTERM":
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
		select {} // another thread gets it
	}
	os.Exit(fate.Code)
	return nil
}
