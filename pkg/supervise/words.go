package supervise

import "github.com/leadmaster/hub/pkg/logs"

// tailFrom returns the last lines of a file that end behind an offset.
func tailFrom(path string, from int64, n int) []string {
	lines, _, err := logs.Tail(path, n, -1)
	if err != nil {
		return nil
	}
	var text []string
	for _, l := range lines {
		if l.Position > from {
			text = append(text, string(l.Text))
		}
	}
	return text
}
