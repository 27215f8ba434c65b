package auth

import (
	"container/list"
	"slices"
	"time"
)

// window counts for each key the failures in the time that has just passed. It slides:
// each failure counts for exactly its span, so that no border between two windows lets
// through twice the limit.
type window[K comparable] struct {
	limit int
	span  time.Duration
	// keys is how many are remembered at most. The one that has failed least recently
	// is forgotten first.
	keys  int
	byKey map[K]*list.Element
	// byAge holds *failures, the most recent at the back.
	byAge *list.List
}

// failures are those of a key, oldest first. There is at least one.
type failures[K comparable] struct {
	key K
	at  []time.Time
}

func newWindow[K comparable](limit int) *window[K] {
	return &window[K]{limit: limit, span: limitSpan, keys: limitKeys, byKey: map[K]*list.Element{}, byAge: list.New()}
}

// take counts a failure of key at now. When there are too many already it counts
// nothing and returns how long until one more is allowed, otherwise 0.
func (w *window[K]) take(key K, now time.Time) time.Duration {
	w.expire(now)
	element, ok := w.byKey[key]
	if !ok {
		w.add(key, now)
		return 0
	}
	f := element.Value.(*failures[K])
	f.at = slices.DeleteFunc(f.at, func(at time.Time) bool { return w.over(at, now) })
	if len(f.at) >= w.limit {
		return f.at[0].Add(w.span).Sub(now)
	}
	f.at = append(f.at, now)
	w.byAge.MoveToBack(element)
	return 0
}

func (w *window[K]) add(key K, now time.Time) {
	if len(w.byKey) >= w.keys {
		w.drop(w.byAge.Front())
	}
	w.byKey[key] = w.byAge.PushBack(&failures[K]{key, []time.Time{now}})
}

// expire forgets the keys whose last failure counts no more.
func (w *window[K]) expire(now time.Time) {
	for element := w.byAge.Front(); element != nil; element = w.byAge.Front() {
		at := element.Value.(*failures[K]).at
		if !w.over(at[len(at)-1], now) {
			return
		}
		w.drop(element)
	}
}

func (w *window[K]) over(at, now time.Time) bool { return now.Sub(at) >= w.span }

// giveBack takes back the failure of key that was counted at that instant.
func (w *window[K]) giveBack(key K, at time.Time) {
	element, ok := w.byKey[key]
	if !ok {
		return
	}
	f := element.Value.(*failures[K])
	if i := slices.Index(f.at, at); i >= 0 {
		f.at = slices.Delete(f.at, i, i+1)
	}
	if len(f.at) == 0 {
		w.drop(element)
	}
}

// clear forgets the failures of key.
func (w *window[K]) clear(key K) {
	if element, ok := w.byKey[key]; ok {
		w.drop(element)
	}
}

func (w *window[K]) drop(element *list.Element) {
	w.byAge.Remove(element)
	delete(w.byKey, element.Value.(*failures[K]).key)
}
