package supervise

import "time"

const (
	// launchesAtOnce bounds the launches under way: a fork holds a thread until
	// its exec, and more of them at once are no faster.
	launchesAtOnce = 4
	// launchPatience is how long a launch waits for its turn before it goes on
	// all the same: those before it may hang on a dead file system, and one
	// app's files must not stop the others.
	launchPatience = time.Second
)

// aside runs f on a goroutine of its own and waits for it. All that an instance
// does is done so: it needs a deep stack (forks, JSON), and a thousand idle
// instances stay at the few kilobytes that waiting needs.
func aside(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// takeTurn waits for one of the places, as long as launchPatience allows, and
// returns how to give it back.
func takeTurn(places chan struct{}) (release func()) {
	release = func() { <-places }
	select {
	case places <- struct{}{}:
		return release
	default:
	}
	patience := time.NewTimer(launchPatience)
	defer patience.Stop()
	select {
	case places <- struct{}{}:
		return release
	case <-patience.C:
		return func() {}
	}
}
