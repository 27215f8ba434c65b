package keeper

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"testing"
)

func fullMessage() Message {
	return Message{
		Kind: KindExited, Key: []byte("8a1c:7"), Names: []string{Out, Err, Channel}, PID: 4711,
		Report: 1 << 60, Status: 0x8b, Session: 4710, Start: 1 << 50, Hubd: "/opt/hub/hubd", Program: "/opt/hub/hub-keeper",
		Environ: []string{"NOTIFY_SOCKET=/run/systemd/notify", "PIDFILE="},
	}
}

func fullTable() *Table {
	return &Table{
		Protocol: Protocol, Keeper: 12, Hubd: "/opt/hub/hubd", Program: "/opt/hub/hub-keeper",
		Args: []string{"--config", "", "a b"}, Socket: 0, Lock: 9, Ready: -1, Answered: true, NextReport: 77,
		Daemon: 13, Serving: true, Ending: true, Stop: 15,
		Held: []Held{
			{Key: APIKey, Files: []File{{Listener, 4}}},
			{Key: "8a1c:7", Files: []File{{Out, 5}, {Err, 6}, {PidFD, 7}}, PID: 4711, Exit: &Exit{Report: 76, Status: 0x0700}},
			{Key: "8a1c:8", Reaped: true},
			{Key: "8a1c:9", Read: []byte(`{"half`), Unsent: []byte("\"message\"\n")},
		},
		Strays: []Stray{{PID: 99, Session: 99, Start: 123456789, Status: 9}},
	}
}

func TestMessageRoundTrip(t *testing.T) {
	t.Parallel()
	for _, want := range []Message{fullMessage(), {Kind: KindAlive}, {Kind: KindReaped, Key: []byte("k")}} {
		var got Message
		if err := got.Parse(want.Append(nil)); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
}

func TestTableRoundTrip(t *testing.T) {
	t.Parallel()
	for _, want := range []*Table{fullTable(), {Socket: -1, Lock: -1, Ready: -1}} {
		got, err := ParseTable(want.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
}

// What a later release adds is skipped, at every level.
func TestUnknownFieldsAreSkipped(t *testing.T) {
	t.Parallel()
	m := fullMessage()
	b := appendText(m.Append(nil), 900, "news")
	binary.LittleEndian.PutUint32(b, uint32(len(b)-lengthSize))
	var got Message
	if err := got.Parse(b); err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("message: %+v, %v", got, err)
	}
	table := &Table{Socket: -1, Lock: -1, Ready: -1, Held: []Held{{Key: "k", Files: []File{{Out, 3}}}}}
	file := appendText(appendInt(appendText(nil, fileName, Out), fileFD, 3), 900, "news")
	held := appendText(appendText(appendText(nil, heldKey, "k"), heldFile, string(file)), 900, "news")
	fields := appendText(appendText(nil, tableHeld, string(held)), 900, "news")
	b = binary.LittleEndian.AppendUint32([]byte(magic), uint32(len(fields)))
	if got, err := ParseTable(append(b, fields...)); err != nil || !reflect.DeepEqual(got, table) {
		t.Errorf("table: %+v, %v", got, err)
	}
}

func TestCutShort(t *testing.T) {
	t.Parallel()
	m := fullMessage()
	message, table := m.Append(nil), fullTable().Append(nil)
	for n := range message {
		if err := new(Message).Parse(message[:n]); !errors.Is(err, ErrMalformed) {
			t.Errorf("message of %d bytes: %v", n, err)
		}
	}
	for n := range table {
		if _, err := ParseTable(table[:n]); !errors.Is(err, ErrMalformed) {
			t.Errorf("table of %d bytes: %v", n, err)
		}
	}
}

func TestMessageIsBounded(t *testing.T) {
	t.Parallel()
	m := Message{Kind: KindHold, Key: bytes.Repeat([]byte("k"), MaxMessage)}
	if err := new(Message).Parse(m.Append(nil)); !errors.Is(err, ErrMalformed) {
		t.Errorf("long key: %v", err)
	}
	m = Message{Kind: KindHold, Key: []byte("k"), Names: make([]string, MaxFiles+1)}
	if err := new(Message).Parse(m.Append(nil)); !errors.Is(err, ErrMalformed) {
		t.Errorf("many names: %v", err)
	}
}

func FuzzMessage(f *testing.F) {
	m := fullMessage()
	f.Add(m.Append(nil))
	m = Message{Kind: KindEnd}
	f.Add(m.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var m, again Message
		if m.Parse(b) != nil {
			return
		}
		encoded := m.Append(nil)
		if err := again.Parse(encoded); err != nil || !bytes.Equal(again.Append(nil), encoded) {
			t.Errorf("%+v came back as %+v, %v", m, again, err)
		}
	})
}

func FuzzTable(f *testing.F) {
	f.Add(fullTable().Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := ParseTable(b)
		if err != nil {
			return
		}
		if again, err := ParseTable(table.Append(nil)); err != nil || !reflect.DeepEqual(again, table) {
			t.Errorf("%+v came back as %+v, %v", table, again, err)
		}
	})
}
