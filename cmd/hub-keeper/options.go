package main

import (
	"strconv"
	"time"
)

// options are the arguments. Only tests shorten the times.
type options struct {
	kept     int           // descriptor of the table
	health   time.Duration // between two requests for a sign of life
	pause    time.Duration // after the first daemon that did not get to answer
	protocol bool          // print the number and end
}

// longestPause is the longest in units of the first: 10 s of 100 ms.
const longestPause = 100

func parse(args []string) (options, bool) {
	o := options{kept: -1, health: 5 * time.Second, pause: 100 * time.Millisecond}
	if len(args) == 1 && args[0] == "--protocol" {
		o.protocol = true
		return o, true
	}
	for ; len(args) >= 2; args = args[2:] {
		n, err := strconv.ParseUint(args[1], 10, 31)
		if err != nil {
			return o, false
		}
		switch args[0] {
		case "--kept":
			o.kept = int(n)
		case "--health-ms":
			o.health = time.Duration(n) * time.Millisecond
		case "--pause-ms":
			o.pause = time.Duration(n) * time.Millisecond
		default:
			return o, false
		}
	}
	return o, len(args) == 0 && o.kept >= 0 && o.health > 0 && o.pause > 0
}

// arguments are those of the next keeper, but for the table.
func (o options) arguments() []string {
	return []string{"--health-ms", text(int(o.health.Milliseconds())), "--pause-ms", text(int(o.pause.Milliseconds()))}
}

func text(n int) string { return strconv.Itoa(n) }

func number(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }
