package supervise

import (
	"strconv"
	"strings"

	"github.com/leadmaster/hub/pkg/keeper"
)

// Keeper holds on to what must outlive the daemon; *link.Link is one. No method
// blocks or fails: an app runs with and without a keeper.
type Keeper interface {
	// Hold hands over duplicates of descriptors.
	Hold(key string, files ...keeper.File)
	// Forked names the main process of a launch.
	Forked(key string, pid, pidfd int)
	// Reaped says that we have reaped it, its exit being on record.
	Reaped(key string)
	// Recorded acknowledges a report.
	Recorded(report uint64)
	// Release lets descriptors go, without names all of the key.
	Release(key string, names ...string)
}

// noKeeper is where nothing outlives the daemon but the apps themselves.
type noKeeper struct{}

func (noKeeper) Hold(string, ...keeper.File) {}
func (noKeeper) Forked(string, int, int)     {}
func (noKeeper) Reaped(string)               {}
func (noKeeper) Recorded(uint64)             {}
func (noKeeper) Release(string, ...string)   {}

// key names a launch for the keeper.
func (i *Instance) key(gen int) string { return keyOf(i.UUID, gen) }

func keyOf(uuid string, gen int) string { return uuid + ":" + strconv.Itoa(gen) }

func parseKey(key string) (uuid string, gen int, ok bool) {
	uuid, number, ok := strings.Cut(key, ":")
	gen, err := strconv.Atoi(number)
	return uuid, gen, ok && err == nil
}

// wires are our ends of a launch's wires, as the keeper is to hold them.
func (f *files) wires(l *launch) []keeper.File {
	list := []keeper.File{{Name: keeper.Out, FD: f.out}, {Name: keeper.Err, FD: f.err}}
	if f.channel >= 0 {
		list = append(list, keeper.File{Name: keeper.Channel, FD: f.channel})
	}
	if l.notify != nil {
		list = append(list, keeper.File{Name: keeper.Notify, FD: l.notify.Descriptor()})
	}
	return list
}
