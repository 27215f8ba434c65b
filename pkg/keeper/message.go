package keeper

import "encoding/binary"

// MaxMessage is the size of the longest message in bytes.
const MaxMessage = 16 << 10

// MaxFiles is how many descriptors go with one message (SCM_MAX_FD, unix(7)).
const MaxFiles = 253

// Kind is what a message says. The numbers are the protocol's.
type Kind uint64

// The daemon to the keeper.
const (
	KindHold     Kind = 1  // Key, Names: hold these descriptors
	KindForked   Kind = 2  // Key, PID, a pidfd or none: the launch has a process
	KindReaped   Kind = 3  // Key: its end is on record and the daemon has reaped it
	KindRecorded Kind = 4  // Report: it is on record
	KindRelease  Kind = 5  // Key, Names: close these; without names all of the key
	KindHealthy  Kind = 6  // the answer to KindAlive
	KindAnswered Kind = 7  // the daemon answers its clients
	KindProgram  Kind = 8  // Hubd, Program: what to start from now on
	KindRenew    Kind = 9  // execute Program in the keeper's place
	KindEnd      Kind = 10 // the daemon ends on purpose: end with it
	KindEnviron  Kind = 11 // Environ: have these variables from now on, and pass them on
	KindBegun    Kind = 12 // what is to be started at the start was launched
	KindDetached Kind = 13 // the answer to KindLeaves: nobody is named to systemd as the next main process
)

// The keeper to the daemon.
const (
	KindExited Kind = 101 // Key, PID, Report, Status: a main process has ended
	KindAlive  Kind = 102 // asks for KindHealthy
	KindStray  Kind = 103 // PID, Session, Start, Status: a child that may be a launch in the air has ended
	KindLeaves Kind = 104 // systemd ends the unit, or starts it anew: asks for KindDetached, and ends
)

// Message is a message of either side; Kind says which fields count.
type Message struct {
	Kind          Kind
	Key           []byte
	Names         []string // of the descriptors that go with it, in their order
	PID           int
	Report        uint64
	Status        uint32 // in the form of wait(2)
	Session       int
	Start         uint64 // in clock ticks since boot
	Hubd, Program string
	Environ       []string // KEY=value
}

// Tags of a message's fields. A tag is never used again for something else.
const (
	messageKind    = 1
	messageKey     = 2
	messageName    = 3
	messagePID     = 4
	messageReport  = 5
	messageStatus  = 6
	messageHubd    = 7
	messageProgram = 8
	messageSession = 9
	messageStart   = 10
	messageEnviron = 11
)

const lengthSize = 4 // bytes of the length in front, little endian

// Append appends the message to b in the form of the socket.
func (m *Message) Append(b []byte) []byte {
	start := len(b)
	b = append(b, make([]byte, lengthSize)...)
	b = appendUint(b, messageKind, uint64(m.Kind))
	if len(m.Key) > 0 {
		b = appendText(b, messageKey, m.Key)
	}
	for _, name := range m.Names {
		b = appendText(b, messageName, name)
	}
	if m.PID != 0 {
		b = appendInt(b, messagePID, m.PID)
	}
	if m.Report != 0 {
		b = appendUint(b, messageReport, m.Report)
	}
	if m.Status != 0 {
		b = appendUint(b, messageStatus, uint64(m.Status))
	}
	if m.Session != 0 {
		b = appendInt(b, messageSession, m.Session)
	}
	if m.Start != 0 {
		b = appendUint(b, messageStart, m.Start)
	}
	if m.Hubd != "" {
		b = appendText(b, messageHubd, m.Hubd)
	}
	if m.Program != "" {
		b = appendText(b, messageProgram, m.Program)
	}
	for _, entry := range m.Environ {
		b = appendText(b, messageEnviron, entry)
	}
	binary.LittleEndian.PutUint32(b[start:], uint32(len(b)-start-lengthSize))
	return b
}

// Parse reads a message in place of what m holds. One of an unknown kind is a
// message too. Key lies in b, and Names in what m had of them: a message like one
// before costs no memory.
func (m *Message) Parse(b []byte) error {
	*m = Message{Names: m.Names[:0]}
	if len(b) < lengthSize || len(b) > MaxMessage || uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)-lengthSize) {
		return ErrMalformed
	}
	var r reader
	r.each(b[lengthSize:], func(tag uint64, value []byte) {
		switch tag {
		case messageKind:
			m.Kind = Kind(r.unsigned(value))
		case messageKey:
			m.Key = value
		case messageName:
			if len(m.Names) == MaxFiles {
				r.err = ErrMalformed
				return
			}
			m.Names = append(m.Names, nameOf(value))
		case messagePID:
			m.PID = r.pid(value)
		case messageReport:
			m.Report = r.unsigned(value)
		case messageStatus:
			m.Status = r.status(value)
		case messageSession:
			m.Session = r.pid(value)
		case messageStart:
			m.Start = r.unsigned(value)
		case messageHubd:
			m.Hubd = string(value)
		case messageProgram:
			m.Program = string(value)
		case messageEnviron:
			m.Environ = append(m.Environ, string(value))
		}
	})
	return r.err
}

// nameOf makes no copy of the names that there are.
func nameOf(value []byte) string {
	for _, name := range [...]string{Out, Err, Channel, Notify, PidFD, Listener} {
		if string(value) == name {
			return name
		}
	}
	return string(value)
}
