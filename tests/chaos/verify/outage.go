package verify

import (
	"time"

	"github.com/leadmaster/hub/tests/chaos/account"
)

// slack is how long a process may take to end after its last entry, and hub to
// have read everything of it.
const slack = 500 * time.Millisecond

// reapSlack is how long a pid 1 may take to reap what fell to it: until then
// nobody knows how a process ended, and in an outage nobody holds its pidfd.
const reapSlack = 3 * time.Second

// Outage is a time in which neither daemon nor keeper lived: what an app that
// ended then had left unread is lost, and so is its exit code. It counts from the
// first kill of those that led to it to the next answer.
type Outage struct{ From, To time.Time }

// Outages are those of a run.
type Outages []Outage

// Excuse reports whether the process may have ended in one of them. Of one that
// did not end by itself only its last entry is known, so it may have ended at any
// time after that.
func (o Outages) Excuse(l *account.Life) bool { return o.within(l, slack) }

// ExcuseExit is Excuse for its exit code.
func (o Outages) ExcuseExit(l *account.Life) bool { return o.within(l, reapSlack) }

func (o Outages) within(l *account.Life, slack time.Duration) bool {
	for _, out := range o {
		soon := l.Last.Add(slack)
		if l.Last.Before(out.To) && soon.After(out.From) {
			return true
		}
	}
	return false
}
