// Package release reads what make dist makes, a tarball and its checksum, and puts
// the programs of the one in place of those that are installed. It knows no daemon.
//
// The tarball may come from anywhere: nothing of it is unpacked before its checksum
// is known to be right, and then only the programs, by their names.
package release
