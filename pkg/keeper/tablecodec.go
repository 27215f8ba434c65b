package keeper

import "bytes"

// Tags of the table's fields. A tag is never used again for something else.
const (
	tableProtocol   = 1
	tableKeeper     = 2
	tableHubd       = 3
	tableProgram    = 4
	tableArg        = 5
	tableSocket     = 6
	tableLock       = 7
	tableReady      = 8
	tableAnswered   = 9
	tableNextReport = 10
	tableHeld       = 11
	tableStray      = 12
	tableDaemon     = 13
	tableServing    = 14
	tableEnding     = 15
	tableStop       = 16

	heldKey    = 1
	heldFile   = 2
	heldPID    = 3
	heldExit   = 4
	heldReaped = 5
	heldRead   = 6
	heldUnsent = 7

	fileName = 1
	fileFD   = 2

	exitReport = 1
	exitStatus = 2

	strayPID     = 1
	straySession = 2
	strayStart   = 3
	strayStatus  = 4
)

// appendFields lets spill make room after each record.
func (t *Table) appendFields(b []byte, spill func([]byte) []byte) []byte {
	b = appendInt(b, tableProtocol, t.Protocol)
	b = appendInt(b, tableKeeper, t.Keeper)
	b = appendText(b, tableHubd, t.Hubd)
	b = appendText(b, tableProgram, t.Program)
	for _, arg := range t.Args {
		b = appendText(b, tableArg, arg)
	}
	b = appendInt(b, tableSocket, t.Socket)
	b = appendInt(b, tableLock, t.Lock)
	b = appendInt(b, tableReady, t.Ready)
	b = appendBool(b, tableAnswered, t.Answered)
	b = appendUint(b, tableNextReport, t.NextReport)
	b = appendInt(b, tableDaemon, t.Daemon)
	b = appendBool(b, tableServing, t.Serving)
	b = appendBool(b, tableEnding, t.Ending)
	b = appendInt(b, tableStop, t.Stop)
	var record []byte // one for all: there may be thousands
	for i := range t.Held {
		record = t.Held[i].appendFields(record[:0])
		b = spill(appendText(b, tableHeld, record))
	}
	for i := range t.Strays {
		record = t.Strays[i].appendFields(record[:0])
		b = spill(appendText(b, tableStray, record))
	}
	return b
}

func (h *Held) appendFields(b []byte) []byte {
	b = appendText(b, heldKey, h.Key)
	for _, f := range h.Files {
		var space [64]byte
		b = appendText(b, heldFile, appendInt(appendText(space[:0], fileName, f.Name), fileFD, f.FD))
	}
	b = appendInt(b, heldPID, h.PID)
	b = appendBool(b, heldReaped, h.Reaped)
	if len(h.Read) > 0 {
		b = appendText(b, heldRead, h.Read)
	}
	if len(h.Unsent) > 0 {
		b = appendText(b, heldUnsent, h.Unsent)
	}
	if e := h.Exit; e != nil {
		b = appendText(b, heldExit, appendUint(appendUint(nil, exitReport, e.Report), exitStatus, uint64(e.Status)))
	}
	return b
}

func (s *Stray) appendFields(b []byte) []byte {
	b = appendInt(b, strayPID, s.PID)
	b = appendInt(b, straySession, s.Session)
	b = appendUint(b, strayStart, s.Start)
	return appendUint(b, strayStatus, uint64(s.Status))
}

func (r *reader) table(t *Table, record []byte) {
	r.each(record, func(tag uint64, value []byte) {
		switch tag {
		case tableProtocol:
			t.Protocol = r.integer(value)
		case tableKeeper:
			t.Keeper = r.pid(value)
		case tableHubd:
			t.Hubd = string(value)
		case tableProgram:
			t.Program = string(value)
		case tableArg:
			t.Args = append(t.Args, string(value))
		case tableSocket:
			t.Socket = r.descriptor(value)
		case tableLock:
			t.Lock = r.descriptor(value)
		case tableReady:
			t.Ready = r.descriptor(value)
		case tableAnswered:
			t.Answered = r.unsigned(value) != 0
		case tableNextReport:
			t.NextReport = r.unsigned(value)
		case tableDaemon:
			t.Daemon = r.pid(value)
		case tableServing:
			t.Serving = r.unsigned(value) != 0
		case tableEnding:
			t.Ending = r.unsigned(value) != 0
		case tableStop:
			t.Stop = r.pid(value)
		case tableHeld:
			t.Held = append(t.Held, r.held(value))
		case tableStray:
			t.Strays = append(t.Strays, r.stray(value))
		}
	})
}

func (r *reader) held(record []byte) Held {
	var h Held
	r.each(record, func(tag uint64, value []byte) {
		switch tag {
		case heldKey:
			h.Key = string(value)
		case heldFile:
			h.Files = append(h.Files, r.file(value))
		case heldPID:
			h.PID = r.pid(value)
		case heldReaped:
			h.Reaped = r.unsigned(value) != 0
		case heldRead:
			h.Read = bytes.Clone(value)
		case heldUnsent:
			h.Unsent = bytes.Clone(value)
		case heldExit:
			h.Exit = r.exit(value)
		}
	})
	return h
}

func (r *reader) file(record []byte) File {
	f := File{FD: -1}
	r.each(record, func(tag uint64, value []byte) {
		switch tag {
		case fileName:
			f.Name = nameOf(value)
		case fileFD:
			f.FD = r.descriptor(value)
		}
	})
	if f.FD < 0 {
		r.err = ErrMalformed
	}
	return f
}

func (r *reader) exit(record []byte) *Exit {
	e := new(Exit)
	r.each(record, func(tag uint64, value []byte) {
		switch tag {
		case exitReport:
			e.Report = r.unsigned(value)
		case exitStatus:
			e.Status = r.status(value)
		}
	})
	return e
}

func (r *reader) stray(record []byte) Stray {
	var s Stray
	r.each(record, func(tag uint64, value []byte) {
		switch tag {
		case strayPID:
			s.PID = r.pid(value)
		case straySession:
			s.Session = r.pid(value)
		case strayStart:
			s.Start = r.unsigned(value)
		case strayStatus:
			s.Status = r.status(value)
		}
	})
	return s
}
