package auth

import (
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		take  func(*Limiter) (func(), error)
		limit int
	}{
		"user":       {func(l *Limiter) (func(), error) { return l.User(7) }, 10},
		"stranger":   {func(l *Limiter) (func(), error) { return l.Stranger("nadie") }, 10},
		"address":    {func(l *Limiter) (func(), error) { return l.Address(netip.MustParseAddr("192.0.2.1")) }, 50},
		"no address": {func(l *Limiter) (func(), error) { return l.Address(netip.Addr{}) }, 50},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := NewLimiter(fixed(start))
			for n := range test.limit {
				if _, err := test.take(l); err != nil {
					t.Fatalf("failure %d: %v", n+1, err)
				}
			}
			var limit *LimitError
			if _, err := test.take(l); !errors.As(err, &limit) || limit.RetryAfter != 15*time.Minute {
				t.Errorf("failure %d: %v", test.limit+1, err)
			}
		})
	}
}

func TestSuccessClearsUser(t *testing.T) {
	t.Parallel()
	l := NewLimiter(fixed(start))
	for range 3 {
		for range 10 {
			if _, err := l.User(7); err != nil {
				t.Fatal(err)
			}
		}
		l.Succeeded(7)
		l.Succeeded(8)
	}
}

// Neither the case of a name nor blanks at its end get more tries.
func TestStrangerByAnyOtherName(t *testing.T) {
	t.Parallel()
	l := NewLimiter(fixed(start))
	names := []string{"Ñandú", "ñandú", "ÑANDÚ  ", "ñANDú "}
	for n := range 10 {
		if _, err := l.Stranger(names[n%len(names)]); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		if _, err := l.Stranger(name); err == nil {
			t.Errorf("%q gets one more", name)
		}
	}
	if _, err := l.Stranger("otro"); err != nil {
		t.Error(err)
	}
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.1":            "192.0.2.1/32",
		"::ffff:192.0.2.1":     "192.0.2.1/32",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2::1":      "2001:db8:1:2::/64",
		"fe80::1%eth0":         "fe80::/64",
	} {
		if got := network(netip.MustParseAddr(address)); got != netip.MustParsePrefix(want) {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	if got := network(netip.Addr{}); got != (netip.Prefix{}) {
		t.Errorf("no address: %s", got)
	}
}

func TestLimiterInParallel(t *testing.T) {
	t.Parallel()
	l := NewLimiter(time.Now)
	var passed atomic.Int32
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if _, err := l.User(7); err == nil {
				passed.Add(1)
			}
			if giveBack, err := l.Address(netip.Addr{}); err == nil {
				giveBack()
			}
		})
	}
	all.Wait()
	if passed.Load() != 10 {
		t.Errorf("%d passed, want 10", passed.Load())
	}
	if len(l.addresses.byKey) != 0 {
		t.Error("an address was not given back")
	}
}
