package verify

import "fmt"

// most is how many complaints are kept: one defect makes many.
const most = 40

// Complaints are the differences that were found.
type Complaints struct {
	Texts []string
	More  int // how many were not kept
}

func (c *Complaints) add(format string, args ...any) {
	if len(c.Texts) == most {
		c.More++
		return
	}
	c.Texts = append(c.Texts, fmt.Sprintf(format, args...))
}
