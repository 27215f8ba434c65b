package logs

import "bytes"

// Continued stands, behind the stamp, at the start of the rest of a line that
// was broken because other streams waited for the file.
const Continued = "[continued] "

// lineState says where in its file a stream stands.
type lineState uint8

const (
	lineStart lineState = iota // the next byte begins a line
	lineOpen                   // a line is begun and has no end yet
	lineCut                    // the line was begun and has been given an end that is not its own
)

// frame appends the lines of data to out, as far as they fit into its capacity,
// and returns how many bytes of data these were and where the stream stands
// then. A first line without an end is taken only if tail is set; one behind
// other lines never is. The first line gets the stamp first, the others then.
func (s lineState) frame(out, data, first, then []byte, tail bool) ([]byte, int, lineState) {
	stamp, taken := first, 0
	for taken < len(data) {
		line, next := data[taken:], lineOpen
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line, next = line[:i+1], lineStart
		} else if !tail || taken > 0 {
			break
		}
		if len(out)+len(stamp)+len(Continued)+len(line) > cap(out) {
			break
		}
		switch s {
		case lineStart:
			out = append(out, stamp...)
		case lineCut:
			out = append(append(out, stamp...), Continued...)
		}
		out = append(out, line...)
		s, stamp = next, then
		taken += len(line)
	}
	return out, taken, s
}

// plain is frame for a stream without stamps, which needs no copy.
func (s lineState) plain(data []byte, tail bool) ([]byte, int, lineState) {
	if n := bytes.LastIndexByte(data, '\n') + 1; n > 0 {
		return data[:n], n, lineStart
	}
	if tail && len(data) > 0 {
		return data, len(data), lineOpen
	}
	return nil, 0, s
}
