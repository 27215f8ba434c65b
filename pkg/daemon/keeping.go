package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/link"
	"github.com/leadmaster/hub/pkg/store"
	"github.com/leadmaster/hub/pkg/supervise"
)

// reports are those of the keeper that came while instances were being taken
// over.
type reports struct {
	mu      sync.Mutex // guards the fields below
	through bool       // they go to the supervisor from now on
	early   []report
	strays  []keeper.Stray // since the table was made
}

type report struct {
	key  string
	exit keeper.Exit
}

// lock takes the home, or the lock of it that the process before has passed on.
func (o *Options) lock(home *store.Home) (*store.Lock, error) {
	if o.Table == nil {
		return home.Lock()
	}
	return home.HeldLock(o.Table.Lock)
}

// joinKeeper connects to the keeper. Without one the result is nil.
func (d *Daemon) joinKeeper() (supervise.Keeper, error) {
	if d.table == nil {
		return nil, nil
	}
	l, err := link.New(d.exits, d.table.Socket, link.Handlers{Exited: d.exited, Stray: d.stray, Alive: d.alive, Leaves: d.leaves, Lost: d.lost})
	if err != nil {
		return nil, fmt.Errorf("keeper: %w", err)
	}
	d.link = l
	if d.table.Keeper != os.Getppid() {
		d.lost() // it died before we looked
	}
	return l, nil
}

// exited passes a report on, or keeps it until there is somebody to take it.
func (d *Daemon) exited(key string, _ int, e keeper.Exit) {
	d.reports.mu.Lock()
	defer d.reports.mu.Unlock()
	if !d.reports.through {
		d.reports.early = append(d.reports.early, report{key, e})
		return
	}
	d.sup.Reported(key, e)
}

func (d *Daemon) stray(s keeper.Stray) {
	d.reports.mu.Lock()
	defer d.reports.mu.Unlock()
	if !d.reports.through {
		d.reports.strays = append(d.reports.strays, s)
	}
}

// unnamed are the keeper's children that have ended without a name, until now: what
// it has sent is read first.
func (d *Daemon) unnamed() []keeper.Stray {
	if d.table == nil {
		return nil
	}
	for range 2 { // the first may be in the same turn as what is still to be read
		read := make(chan struct{})
		if d.exits.Post(func() { close(read) }) {
			<-read
		}
	}
	d.reports.mu.Lock()
	defer d.reports.mu.Unlock()
	return slices.Concat(d.table.Strays, d.reports.strays)
}

// alive answers the keeper's question whether the daemon hangs: if the loop that
// calls this runs, and the registry can be had.
func (d *Daemon) alive() {
	go func() {
		d.sup.Ending()
		d.link.Healthy()
	}()
}

// leaves is what the keeper asks for before it ends with its unit. It is done within the
// loop's step, so that it is not interrupted by the next program in our place.
func (d *Daemon) leaves() {
	d.leavePIDFile()
	d.link.Detached()
}

func (d *Daemon) lost() {
	d.orphaned.Store(true)
	select {
	case d.keeperLost <- struct{}{}:
	default:
	}
}

// answers says that the daemon has taken over, and serves everything.
func (d *Daemon) answers() {
	d.reports.mu.Lock()
	defer d.reports.mu.Unlock()
	d.reports.through = true
	for _, r := range d.reports.early {
		d.sup.Reported(r.key, r.exit)
	}
	d.reports.early, d.reports.strays = nil, nil
	if d.link != nil {
		d.link.Answered()
		if d.table.Protocol != keeper.Protocol {
			d.link.Renew()
		}
	}
	close(d.adopted)
}

// flushTime is how long the keeper has to take what is meant for it.
const flushTime = time.Second

// leaveKeeper makes the keeper end with the daemon.
func (d *Daemon) leaveKeeper() error {
	if d.link == nil {
		return nil
	}
	d.link.End()
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	err := d.link.Flush(ctx)
	if err != nil && !errors.Is(err, link.ErrLost) { // who is gone need not be told
		return fmt.Errorf("the keeper was not told of the end: %w", err)
	}
	return nil
}

// listen takes the control socket of the daemon before, with the clients that wait
// in it, or makes one.
func (d *Daemon) listen() (*net.UnixListener, error) {
	if l := d.heldListener(); l != nil {
		return l, nil
	}
	l, err := listen(d.home)
	if err != nil || d.link == nil {
		return l, err
	}
	d.listener = l
	file, err := d.listenerFile()
	if err == nil {
		d.link.Hold(keeper.APIKey, file)
	}
	return l, err
}

// listenerFile is the control socket's own descriptor: to make a duplicate of it an
// os.File would make both blocking.
func (d *Daemon) listenerFile() (keeper.File, error) {
	file := keeper.File{Name: keeper.Listener, FD: -1}
	raw, err := d.listener.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { file.FD = int(fd) })
	}
	return file, err
}

// heldListener returns the control socket that was passed on, nil without one or
// when its path is gone.
func (d *Daemon) heldListener() *net.UnixListener {
	if d.table == nil {
		return nil
	}
	fd := -1
	held := d.table.Held[:0]
	for _, h := range d.table.Held {
		if h.Key != keeper.APIKey {
			held = append(held, h)
			continue
		}
		for _, f := range h.Files {
			fd = f.FD
		}
	}
	d.table.Held = held
	if fd < 0 {
		return nil
	}
	file := os.NewFile(uintptr(fd), d.home.SocketPath())
	defer file.Close()
	if info, err := os.Lstat(d.home.SocketPath()); err != nil || info.Mode().Type() != os.ModeSocket {
		d.link.Release(keeper.APIKey)
		return nil
	}
	l, err := net.FileListener(file)
	if err != nil {
		d.log.Error("control socket of the daemon before", "error", err)
		d.link.Release(keeper.APIKey)
		return nil
	}
	return l.(*net.UnixListener)
}
