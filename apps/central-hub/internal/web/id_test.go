package web

import "testing"

func TestID(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"1": 1, "51": 51, "0051": 51, "9223372036854775807": 9223372036854775807} {
		if got, ok := ID(text); got != want || !ok {
			t.Errorf("ID(%q) = %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "0", "00", "-1", "+1", " 1", "1 ", "51abc", "1.0", "5e1", "0x5", "1_0", "٥", "9223372036854775808"} {
		if got, ok := ID(text); ok {
			t.Errorf("ID(%q) = %d", text, got)
		}
	}
}
