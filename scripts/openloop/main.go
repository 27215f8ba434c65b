// Openloop sends requests at a fixed rate, whether the ones before have had their answer
// or not, and tells how long answers took. The time counts from when a request was due,
// so that a server that stalls is not spared the requests that it would have got.
package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	url := flag.String("url", "", "where to")
	rate := flag.Int("rate", 500, "requests a second")
	duration := flag.Duration("duration", 30*time.Second, "for how long")
	status := flag.Int("status", http.StatusOK, "the status that is right")
	flag.Parse()
	if *url == "" || *rate <= 0 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	took, err := run(*url, *status, *rate, *duration)
	if err != nil {
		fmt.Fprintln(os.Stderr, "openloop:", err)
		os.Exit(1)
	}
	slices.Sort(took)
	at := func(share float64) time.Duration {
		return took[int(share*float64(len(took)-1))].Round(time.Microsecond)
	}
	fmt.Printf("%d requests, p50 %v, p99 %v, p99.9 %v, max %v\n", len(took), at(0.5), at(0.99), at(0.999), at(1))
}

// run returns how long each request took.
func run(url string, status, rate int, duration time.Duration) ([]time.Duration, error) {
	client := http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: rate},
	}
	took := make([]time.Duration, int(duration.Seconds()*float64(rate)))
	failed := make([]error, len(took))
	var all sync.WaitGroup
	// A thread of its own for the schedule: timers of the runtime come up to 1 ms late.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start := time.Now()
	for i := range took {
		due := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
		sleep(time.Until(due))
		all.Go(func() {
			failed[i] = get(&client, url, status)
			took[i] = time.Since(due)
		})
	}
	all.Wait()
	wrong := slices.DeleteFunc(failed, func(err error) bool { return err == nil })
	if len(wrong) > 0 {
		return nil, fmt.Errorf("%d of %d failed, the first: %w", len(wrong), len(took), wrong[0])
	}
	return took, nil
}

// sleep may be too short where a signal comes; that is no matter here.
func sleep(d time.Duration) {
	if d > 0 {
		t := unix.NsecToTimespec(d.Nanoseconds())
		_ = unix.Nanosleep(&t, nil)
	}
}

func get(client *http.Client, url string, status int) error {
	r, err := client.Get(url)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return err
	}
	if r.StatusCode != status {
		return fmt.Errorf("%s: %s", url, r.Status)
	}
	return nil
}
