package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/daemon"
	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/store"
	"github.com/leadmaster/hub/pkg/unit"
)

// begin takes the home and becomes the keeper, which starts the daemon: hubd with
// the same arguments. What is wrong with the arguments and the home is said before,
// to whoever started us. It returns only an error.
func begin(o options, stderr io.Writer) error {
	dir, err := api.Home()
	if err != nil {
		return err
	}
	if o.config != "" {
		if _, err := load(o, dir, io.Discard); err != nil {
			return err
		}
	}
	home, err := store.OpenHome(dir)
	if err != nil {
		return err
	}
	lock, err := home.Lock()
	if errors.Is(err, store.ErrLocked) && unit.FromEnvironment().PIDFile != "" {
		if lock, err = takeIn(home); lock == nil && err == nil {
			return nil
		}
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	hubd, err := own()
	if err != nil {
		return err
	}
	program := filepath.Join(filepath.Dir(hubd), "hub-keeper")
	if _, err := os.Stat(program); err != nil {
		return fmt.Errorf("hub-keeper must lie beside hubd: %w", err)
	}
	table := &keeper.Table{
		Protocol: keeper.Protocol, Hubd: hubd, Program: program, Args: o.daemonArgs(),
		Socket: -1, Lock: lock.Descriptor(), Ready: o.readyFD,
	}
	if err := daemon.Mark(); err != nil {
		return err
	}
	return fmt.Errorf("execute %s: %w", program, keeper.Execute(program, nil, table))
}

// daemonArgs are the daemon's arguments: ours without --ready-fd, which the table
// has.
func (o options) daemonArgs() []string {
	var args []string
	if o.config != "" {
		args = append(args, "--config", o.config)
	}
	if o.envName != "" {
		args = append(args, "--env", o.envName)
	}
	if o.resurrect {
		args = append(args, "--resurrect")
	}
	return args
}

// own returns the path of this program, links resolved: a link to hubd is enough
// to use it.
func own() (string, error) {
	path, err := os.Executable()
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return "", fmt.Errorf("find hubd's own file: %w", err)
	}
	return path, nil
}

// selfCheck says whether this program could take over the home as it is now.
func selfCheck() error {
	home, err := api.Home()
	if err != nil {
		return err
	}
	return daemon.Check(home)
}
