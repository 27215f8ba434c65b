package keeper

import (
	"encoding/binary"
	"errors"
	"math"
)

// ErrMalformed is returned for bytes that are no message or no table.
var ErrMalformed = errors.New("keeper: malformed")

// A record is a row of fields: tag and length as uvarints, then the value. A
// value is text, a number as varint, or a record. Who does not know a tag skips
// it; a field that is missing has its zero value.

func appendText[T string | []byte](b []byte, tag uint64, text T) []byte {
	b = binary.AppendUvarint(b, tag)
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}

func appendInt(b []byte, tag uint64, n int) []byte {
	var v [binary.MaxVarintLen64]byte
	return appendText(b, tag, v[:binary.PutVarint(v[:], int64(n))])
}

func appendUint(b []byte, tag uint64, n uint64) []byte {
	var v [binary.MaxVarintLen64]byte
	return appendText(b, tag, v[:binary.PutUvarint(v[:], n)])
}

func appendBool(b []byte, tag uint64, is bool) []byte {
	if !is {
		return b
	}
	return appendUint(b, tag, 1)
}

// reader takes a record apart. What is wrong anywhere makes err.
type reader struct{ err error }

// each calls visit with every field of a record until something is wrong.
func (r *reader) each(record []byte, visit func(tag uint64, value []byte)) {
	for len(record) > 0 && r.err == nil {
		tag, n := binary.Uvarint(record)
		if n <= 0 {
			r.err = ErrMalformed
			return
		}
		record = record[n:]
		size, n := binary.Uvarint(record)
		if n <= 0 || size > uint64(len(record)-n) {
			r.err = ErrMalformed
			return
		}
		end := n + int(size)
		visit(tag, record[n:end])
		record = record[end:]
	}
}

// integer reads what fits into a C int: a pid, a descriptor, a number.
func (r *reader) integer(value []byte) int {
	v, n := binary.Varint(value)
	if n <= 0 || n != len(value) || v < math.MinInt32 || v > math.MaxInt32 {
		r.err = ErrMalformed
		return 0
	}
	return int(v)
}

// descriptor is an integer that is -1 or a descriptor.
func (r *reader) descriptor(value []byte) int {
	fd := r.integer(value)
	if fd < -1 {
		r.err = ErrMalformed
		return -1
	}
	return fd
}

// pid is an integer that is 0 or a process.
func (r *reader) pid(value []byte) int {
	pid := r.integer(value)
	if pid < 0 {
		r.err = ErrMalformed
		return 0
	}
	return pid
}

func (r *reader) unsigned(value []byte) uint64 {
	v, n := binary.Uvarint(value)
	if n <= 0 || n != len(value) {
		r.err = ErrMalformed
		return 0
	}
	return v
}

func (r *reader) status(value []byte) uint32 {
	v := r.unsigned(value)
	if v > math.MaxUint32 {
		r.err = ErrMalformed
	}
	return uint32(v)
}
