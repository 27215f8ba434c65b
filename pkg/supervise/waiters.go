package supervise

// wait adds somebody who waits for the outcome.
func (m *machine) wait(w *waiter) {
	if w != nil {
		m.waiters = append(m.waiters, w)
	}
}

// await adds somebody who waits until a launch has taken over.
func (m *machine) await(w *waiter, gen int) {
	if w != nil {
		w.gen = gen
	}
	m.wait(w)
}

// reply answers those who wait for goal and whom the filter lets pass.
func (m *machine) reply(goal Want, pass func(*waiter) bool, o Outcome) {
	kept := m.waiters[:0]
	for _, w := range m.waiters {
		if w.goal == goal && (pass == nil || pass(w)) {
			m.answer(w, o)
		} else {
			kept = append(kept, w)
		}
	}
	clear(m.waiters[len(kept):])
	if m.waiters = kept; len(kept) == 0 {
		m.waiters = nil // an idle instance keeps nothing of them
	}
}

func (m *machine) fail(goal Want, why string) { m.reply(goal, nil, Outcome{Err: why}) }

func (m *machine) answer(w *waiter, o Outcome) {
	if w != nil {
		m.do(answer{w, o})
	}
}

// aim changes what waiters wait for.
func (m *machine) aim(from, to Want) {
	for _, w := range m.waiters {
		if w.goal == from {
			w.goal = to
		}
	}
}
