package spec

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

const wantDuration = "a time such as 10s, 1.5s, 500ms, 2m, 1h or 5000 (milliseconds)"

// ParseDuration reads a time span as people write it: 10s, 1.5s, 500ms, 2m, 1h,
// 1d, 5000. A bare number is milliseconds, as in PM2. What is finer than a
// millisecond is cut off. The error says what would be right.
func ParseDuration(text string) (Duration, error) {
	ms, err := parseQuantity(text, durationUnit)
	if err == nil && ms > math.MaxInt64/int64(time.Millisecond) {
		err = errTooLarge
	}
	switch err {
	case nil:
		return Duration(time.Duration(ms) * time.Millisecond), nil
	case errNotQuantity:
		return 0, fmt.Errorf("found %s; want %s", quoted(text), wantDuration)
	default:
		return 0, fmt.Errorf("found %s, which %w; want %s", quoted(text), err, wantDuration)
	}
}

func durationUnit(name string) (uint64, bool) {
	switch name {
	case "", "ms":
		return 1, true
	case "s", "sec":
		return 1000, true
	case "m", "min":
		return 60 * 1000, true
	case "h":
		return 60 * 60 * 1000, true
	case "d":
		return 24 * 60 * 60 * 1000, true
	}
	return 0, false
}

// String returns the span in the largest unit that loses nothing: 10s, 1600ms,
// 2m, 1h, 0s. ParseDuration reads it back.
func (d Duration) String() string {
	ms := time.Duration(d).Milliseconds()
	for _, unit := range []struct {
		ms   int64
		name string
	}{{3600_000, "h"}, {60_000, "m"}, {1000, "s"}} {
		if ms%unit.ms == 0 && (ms != 0 || unit.name == "s") {
			return strconv.FormatInt(ms/unit.ms, 10) + unit.name
		}
	}
	return strconv.FormatInt(ms, 10) + "ms"
}
