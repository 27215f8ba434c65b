package auth

import (
	"testing"
	"time"
)

func TestWindowSlides(t *testing.T) {
	t.Parallel()
	w := newWindow[string](2)
	at := func(after time.Duration) time.Duration { return w.take("ana", start.Add(after)) }
	for _, step := range []struct{ after, want time.Duration }{
		{0, 0},
		{10 * time.Minute, 0},
		{11 * time.Minute, 4 * time.Minute},
		{15*time.Minute - 1, 1},
		// The first one counts no more, the one at 10 does.
		{15 * time.Minute, 0},
		{16 * time.Minute, 9 * time.Minute},
		{25 * time.Minute, 0},
		{25 * time.Minute, 5 * time.Minute},
	} {
		if got := at(step.after); got != step.want {
			t.Errorf("after %s: wait %s, want %s", step.after, got, step.want)
		}
	}
	if wait := w.take("eva", start.Add(25*time.Minute)); wait != 0 {
		t.Errorf("another key waits %s", wait)
	}
}

func TestWindowForgets(t *testing.T) {
	t.Parallel()
	w := newWindow[int](2)
	for key := range 100 {
		w.take(key, start.Add(time.Duration(key)*time.Second))
	}
	w.take(0, start.Add(100*time.Second))
	w.take(100, start.Add(15*time.Minute+98*time.Second))
	// Left: 99, 0 and 100.
	if len(w.byKey) != 3 || w.byAge.Len() != 3 {
		t.Errorf("%d keys, %d by age", len(w.byKey), w.byAge.Len())
	}
	if w.take(0, start.Add(15*time.Minute+99*time.Second)) != 0 {
		t.Error("0 failed once within the span and is refused")
	}
}

func TestWindowIsBounded(t *testing.T) {
	t.Parallel()
	w := newWindow[int](1)
	w.keys = 10
	w.take(0, start)
	for key := range 1000 {
		if key%5 == 0 {
			w.take(0, start)
		}
		w.take(key+1, start)
	}
	if len(w.byKey) != 10 || w.byAge.Len() != 10 {
		t.Errorf("%d keys, %d by age, want 10", len(w.byKey), w.byAge.Len())
	}
	if w.take(1000, start) == 0 {
		t.Error("the last key was forgotten")
	}
	if w.take(1, start) != 0 {
		t.Error("the first key is remembered")
	}
}

func TestWindowGivesBack(t *testing.T) {
	t.Parallel()
	w := newWindow[string](2)
	w.take("ana", start)
	w.take("ana", start.Add(1))
	w.giveBack("ana", start.Add(1))
	w.giveBack("ana", start.Add(2))
	w.giveBack("eva", start)
	if w.take("ana", start.Add(3)) != 0 {
		t.Error("what was given back counts")
	}
	if w.take("ana", start.Add(4)) == 0 {
		t.Error("what was not given back does not count")
	}
	w.clear("ana")
	w.clear("eva")
	w.take("ana", start.Add(5))
	w.giveBack("ana", start.Add(5))
	if len(w.byKey) != 0 || w.byAge.Len() != 0 {
		t.Errorf("%d keys, %d by age", len(w.byKey), w.byAge.Len())
	}
}
