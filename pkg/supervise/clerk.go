package supervise

// clerk is one goroutine that does, one after another, what needs a deep stack
// or a thread: forks, records, lines of the log. A thousand instances then stay
// at the stack of a few kilobytes that waiting needs, forks don't make a thread
// each, and there is never more than one launch under way.
type clerk struct {
	work chan func()
	done chan struct{} // closed when the clerk is to end
}

func newClerk() *clerk {
	c := &clerk{work: make(chan func()), done: make(chan struct{})}
	go c.run()
	return c
}

func (c *clerk) run() {
	for {
		select {
		case f := <-c.work:
			f()
		case <-c.done:
			return
		}
	}
}

// do runs f on the clerk's goroutine and returns when it is done. After the
// clerk's end f runs where it is.
func (c *clerk) do(f func()) {
	ended := make(chan struct{})
	select {
	case c.work <- func() { defer close(ended); f() }:
		<-ended
	case <-c.done:
		f()
	}
}
