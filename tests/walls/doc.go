// Package walls holds the tests that keep packages apart: who may import whom,
// which library belongs where, and what a program may link. It has no code.
package walls
