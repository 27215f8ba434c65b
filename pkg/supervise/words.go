package supervise

import "github.com/leadmaster/hub/pkg/logs"

// tailFrom returns the last lines of a file that end behind an offset, of
// objects the messages.
func tailFrom(path string, from int64, n int, objects bool) []string {
	lines, _, err := logs.Tail(path, n, -1)
	if err != nil {
		return nil
	}
	var text []string
	for _, l := range lines {
		if l.Position > from {
			text = append(text, string(logs.Format{Objects: objects}.Parse(l.Text).Text))
		}
	}
	return text
}
