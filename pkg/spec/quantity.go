package spec

import (
	"errors"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

var (
	errNotQuantity = errors.New("not a number with a unit")
	errNegative    = errors.New("is negative")
	errTooLarge    = errors.New("is too large")
	errTooSmall    = errors.New("is smaller than the smallest unit")
)

// maxFraction is how many digits behind the point count; more than these say
// nothing about a byte or a millisecond.
const maxFraction = 9

// parseQuantity reads "<digits>[.<digits>][ ]<unit>" exactly, without floats,
// and rounds down to the smallest unit. Units are looked up in lower case.
func parseQuantity(text string, unit func(string) (uint64, bool)) (int64, error) {
	text = strings.TrimSpace(text)
	end := strings.IndexFunc(text, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end < 0 {
		end = len(text)
	}
	number, name := text[:end], strings.TrimSpace(text[end:])
	scale, ok := unit(strings.ToLower(name))
	if !ok || number == "" {
		if strings.HasPrefix(text, "-") {
			if _, err := parseQuantity(text[1:], unit); err == nil {
				return 0, errNegative
			}
		}
		return 0, errNotQuantity
	}
	return scaled(number, scale)
}

// scaled returns the decimal number times scale, rounded down.
func scaled(number string, scale uint64) (int64, error) {
	digits, fraction, pointed := strings.Cut(number, ".")
	if digits == "" || pointed && fraction == "" || strings.Contains(fraction, ".") {
		return 0, errNotQuantity
	}
	whole, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, errTooLarge
	}
	high, total := bits.Mul64(whole, scale)
	if high != 0 {
		return 0, errTooLarge
	}
	part, err := scaledFraction(fraction, scale)
	if err != nil {
		return 0, err
	}
	if total > math.MaxInt64-part {
		return 0, errTooLarge
	}
	total += part
	if total == 0 && strings.Trim(number, "0.") != "" {
		return 0, errTooSmall
	}
	return int64(total), nil
}

// scaledFraction returns 0.<digits> times scale, rounded down.
func scaledFraction(digits string, scale uint64) (uint64, error) {
	digits = digits[:min(len(digits), maxFraction)]
	if digits == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, errNotQuantity
	}
	pow := uint64(1)
	for range digits {
		pow *= 10
	}
	high, low := bits.Mul64(n, scale)
	quotient, _ := bits.Div64(high, low, pow) // n < pow, so the quotient is below scale
	return quotient, nil
}
