package daemon

import (
	"slices"
	"sync"
)

// problems are what went wrong when the saved apps were started: what is not in the
// list of apps, so that nobody would miss it.
type problems struct {
	mu   sync.Mutex // guards text
	text []string
}

func (p *problems) add(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = append(p.text, text)
}

// clear forgets all: the list was saved anew, or is being started anew.
func (p *problems) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = nil
}

func (p *problems) list() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.text)
}
