package main

import (
	"bytes"
	"strconv"
)

// Places of the fields behind the name, the first being field 3.
const (
	statSession = 6 - 3
	statStart   = 22 - 3
)

// parseStat reads session and start time. The name is in parentheses and may
// hold any byte, so the last closing one counts.
func parseStat(b []byte) (session int, start uint64, ok bool) {
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) <= statStart {
		return 0, 0, false
	}
	session, err := strconv.Atoi(string(fields[statSession]))
	if err != nil {
		return 0, 0, false
	}
	start, err = strconv.ParseUint(string(fields[statStart]), 10, 64)
	return session, start, err == nil
}
