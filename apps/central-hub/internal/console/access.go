package console

import (
	"encoding/json"
	"fmt"
)

// Access is a request and its answer.
type Access struct {
	Method string `json:"method"`
	// Path is percent-encoded and without the query.
	Path       string  `json:"path"`
	Status     int     `json:"status"`
	DurationMS float64 `json:"duration_ms"`
	Bytes      int     `json:"bytes"` // of the answer's body
	// Client is the address, empty for one on a Unix socket.
	Client    string `json:"client,omitempty"`
	RequestID string `json:"request_id,omitempty"`
}

// Access prints a request as a line of JSON, without the time: the process manager
// stamps it.
func (c *Console) Access(a Access) {
	line, err := json.Marshal(a)
	if err != nil {
		panic(fmt.Errorf("encode %T: %w", a, err))
	}
	c.stdout.Write(append(line, '\n'))
}
