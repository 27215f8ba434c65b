package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/leadmaster/hub/pkg/ready"
)

// answer takes the sockets that it is passed, or opens those that are named, says
// ready, and answers each connection's line with name and pid. Told to end it closes
// them first and answers what it has accepted.
func answer(addresses []string) {
	list, err := ready.Listeners()
	if err != nil {
		fail(err.Error())
	}
	for _, address := range addresses {
		l, err := net.Listen("tcp", address)
		if err != nil {
			fail(err.Error())
		}
		list = append(list, ready.Listener{Listener: l, Name: "own"})
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	var serving sync.WaitGroup
	for _, l := range list {
		fmt.Println("listens", l.Name, l.Addr())
		serving.Go(func() { answerOn(l, &serving) })
	}
	if err := ready.Notify(); err != nil {
		fail(err.Error())
	}
	<-signals
	for _, l := range list {
		l.Close()
	}
	serving.Wait()
}

func answerOn(l ready.Listener, serving *sync.WaitGroup) {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			fail(err.Error())
		}
		serving.Go(func() {
			defer conn.Close()
			if _, err := bufio.NewReader(conn).ReadString('\n'); err == nil {
				fmt.Fprintln(conn, l.Name, os.Getpid())
			}
		})
	}
}

// ask asks whoever listens at an address: once, and prints the answer, or four at a
// time until it is told to end. It fails if anybody was not answered, who asks no more.
func ask(address string, once bool) {
	if once {
		text, err := askOnce(address)
		if err != nil {
			fail(err.Error())
		}
		fmt.Print(text)
		return
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	var over atomic.Bool
	var asked, failed atomic.Int64
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for !over.Load() {
				asked.Add(1)
				if _, err := askOnce(address); err != nil {
					failed.Add(1)
					fmt.Println(time.Now().Format(time.StampMilli), err)
					return
				}
			}
		})
	}
	<-signals
	over.Store(true)
	clients.Wait()
	fmt.Println("asked", asked.Load(), "failed", failed.Load())
	if failed.Load() > 0 {
		os.Exit(1)
	}
}

func askOnce(address string) (string, error) {
	network, where := "tcp", address
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, where = "unix", path
	}
	const patience = 10 * time.Second
	conn, err := net.DialTimeout(network, where, patience)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	fmt.Fprintln(conn)
	text, err := io.ReadAll(conn)
	if err == nil && len(text) == 0 {
		err = io.ErrUnexpectedEOF
	}
	return string(text), err
}
