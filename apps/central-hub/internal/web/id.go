package web

import "strconv"

// ID reads the number of a row or a customer: decimal digits alone, more than 0, and
// small enough for BIGINT. A JSON number is read as it is written: 5e1 is none.
func ID(text string) (int64, bool) {
	for _, r := range text {
		if r < '0' || r > '9' {
			return 0, false
		}
	}
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id > 0
}
