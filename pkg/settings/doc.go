// Package settings reads, checks and edits hubd.yaml, the settings of one
// daemon: defaults for apps that say nothing themselves, and what concerns the
// daemon only.
//
// hubctl and hubd both read it: hubctl where it resolves apps, hubd when it
// starts and when it is told that the file has changed.
package settings
