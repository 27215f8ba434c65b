// Package chaos kills hub in all the ways that there are while apps run, and
// holds what it did afterwards against what the apps say: every app runs once,
// every line is in its log once, every exit code is the true one, nothing is left
// over.
//
// The short form is part of the tests. The long one is make chaos KILLS=1000
// SEED=7, which also measures how long adoption takes. A seed repeats the actions
// and their pauses; what the machine makes of them is its own affair.
//
// HUB_E2E_RACE=1 builds the programs with the race detector.
package chaos
