package account

import "strconv"

// Fate is how a launch ends, whether by itself or because it is asked to. It
// follows from the generation, so that the end of one can't pass for another's.
type Fate struct {
	Code   int
	Signal string // SIGKILL or SIGTERM, or none
}

// FateOf returns the fate of a generation.
func FateOf(generation int) Fate {
	switch generation % 7 {
	case 3:
		return Fate{Signal: "SIGKILL"}
	case 5:
		return Fate{Signal: "SIGTERM"}
	}
	return Fate{Code: 1 + generation*37%113}
}

// String says it as hubd does.
func (f Fate) String() string {
	if f.Signal != "" {
		return "killed by " + f.Signal
	}
	return "exited with code " + strconv.Itoa(f.Code)
}
