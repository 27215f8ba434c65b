// Package account is what the apps of the chaos test say of themselves, apart
// from what hub knows: numbered lines whose text follows from who writes them,
// ends that follow from the launch, and a book in which each process keeps what
// it has done. The apps in Node and shell do the same in their own words.
package account
