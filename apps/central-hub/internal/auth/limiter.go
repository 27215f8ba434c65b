package auth

import (
	"crypto/sha256"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Failed logins within limitSpan after which further ones are refused.
const (
	limitSpan    = 15 * time.Minute
	userLimit    = 10
	addressLimit = 50
)

// limitKeys bounds the memory, to 8 MB each for users, strangers and addresses. It is more
// than can fail within the span: two cores compare about 25000 passwords.
const limitKeys = 1 << 15

// LimitError says that there were too many failed logins.
type LimitError struct {
	// RetryAfter is how long until one more is allowed.
	RetryAfter time.Duration
}

func (e *LimitError) Error() string { return "too many failed logins" }

// Limiter counts failed logins: 10 a user and 50 an address in any 15 minutes. A login
// is counted before its password is compared and given back unless it fails, so that
// many at once are as limited as one after the other. It forgets all when the hub ends.
// It is safe for concurrent use.
//
// A user is counted by id and not by name, since the database may find the same user by
// many spellings of one. Names of nobody are counted apart, where they cannot push out
// a user.
type Limiter struct {
	now func() time.Time

	mu        sync.Mutex
	users     *window[int64]
	strangers *window[[sha256.Size]byte]
	addresses *window[netip.Prefix]
}

// NewLimiter returns a limiter that has counted nothing yet, by the clock now.
func NewLimiter(now func() time.Time) *Limiter {
	return &Limiter{
		now: now, users: newWindow[int64](userLimit), strangers: newWindow[[sha256.Size]byte](userLimit),
		addresses: newWindow[netip.Prefix](addressLimit),
	}
}

// User counts a login as the user id. The error is a *LimitError.
func (l *Limiter) User(id int64) (giveBack func(), err error) {
	return take(l, l.users, id)
}

// Succeeded forgets the failures of the user id.
func (l *Limiter) Succeeded(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.users.clear(id)
}

// Stranger counts a login with a name that no user has, whatever its case and the
// blanks at its end. The error is a *LimitError.
func (l *Limiter) Stranger(usuario string) (giveBack func(), err error) {
	return take(l, l.strangers, sha256.Sum256([]byte(strings.ToLower(strings.TrimRight(usuario, " ")))))
}

// Address counts a login from there; the zero Addr is any client without one. The
// error is a *LimitError.
func (l *Limiter) Address(from netip.Addr) (giveBack func(), err error) {
	return take(l, l.addresses, network(from))
}

// network returns whose address it is: of IPv6 one client has at least a whole /64.
func network(address netip.Addr) netip.Prefix {
	bits := 32
	if address = address.Unmap(); address.Is6() {
		bits = 64
	}
	// It fails for the zero Addr, and then returns the zero Prefix.
	prefix, _ := address.WithZone("").Prefix(bits)
	return prefix
}

func take[K comparable](l *Limiter, w *window[K], key K) (giveBack func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.now()
	if wait := w.take(key, at); wait > 0 {
		return nil, &LimitError{wait}
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		w.giveBack(key, at)
	}, nil
}
