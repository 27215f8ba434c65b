// Package verify holds what hub has recorded against what the apps of the chaos
// test say of themselves: each line is in its log once, whole and in order, and
// each end is on record as it was.
package verify
