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
	// changed is called after that; it may be nil.
	changed func()
}

func (p *problems) add(text string) {
	p.set(func(all []string) []string { return append(all, text) })
}

// clear forgets all: the list was saved anew, or is being started anew.
func (p *problems) clear() { p.set(func([]string) []string { return nil }) }

func (p *problems) set(to func([]string) []string) {
	p.mu.Lock()
	before := len(p.text)
	p.text = to(p.text)
	after := len(p.text)
	p.mu.Unlock()
	if before != after && p.changed != nil {
		p.changed()
	}
}

func (p *problems) list() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.text)
}
