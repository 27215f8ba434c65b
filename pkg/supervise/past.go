package supervise

import "time"

const (
	// pastEvents and pastRoom bound how many events, and how many bytes of reasons
	// and of the app's status, a record holds: it must fit into a page, where it is
	// written in place, and is written thrice for each restart.
	pastEvents = 12
	pastRoom   = 1200
	// statusPause is how long a new status of an app waits for its record: an app
	// may change it many times a second.
	statusPause = time.Second
)

// RecordedEvent is an Event without what the record says anyway.
type RecordedEvent struct {
	At     int64  `json:"at"` // milliseconds since 1970
	Kind   string `json:"kind"`
	State  State  `json:"state"`
	PID    int    `json:"pid,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// past is what a record holds of the history: the last events that fit.
func past(history []Event, room int) []RecordedEvent {
	first := len(history)
	for first > 0 && len(history)-first < pastEvents && len(history[first-1].Reason) <= room {
		first--
		room -= len(history[first].Reason)
	}
	if first == len(history) {
		return nil
	}
	list := make([]RecordedEvent, 0, len(history)-first)
	for _, e := range history[first:] {
		list = append(list, RecordedEvent{e.Time.UnixMilli(), e.Kind, e.State, e.PID, e.Reason})
	}
	return list
}

// recall makes the history of what is on record.
func (i *Instance) recall(r *Record) {
	for _, e := range r.Events[max(0, len(r.Events)-historyLength):] {
		i.history = append(i.history, Event{
			Time: time.UnixMilli(e.At), UUID: i.UUID, ID: i.ID, Name: r.Name, Instance: i.Number,
			Kind: e.Kind, State: e.State, PID: e.PID, Reason: e.Reason,
		})
	}
	i.peak.Store(r.MemoryPeak)
}

// said takes a status text of the app's. It goes on record a little later.
func (i *Instance) said(s appStatus) {
	l := i.find(s.gen)
	if l == nil || l.appStatus == s.text {
		return
	}
	l.appStatus = s.text
	i.publish()
	if i.recorded = false; !i.recording {
		i.recording = true
		time.AfterFunc(statusPause, func() {
			i.ask(func() error {
				i.recording = false
				i.record()
				return nil
			})
		})
	}
}
