// Package docs holds the tests that keep the references in docs/ equal to what
// the code says, and the program that draws the picture of the README. It has
// no code of its own; "make docs" runs the tests with -update, which writes the
// references anew.
package docs
