package spec

import "fmt"

// Listener is a socket that is opened for an app and passed to all of its
// processes.
type Listener struct {
	// Name is what the app calls it (LISTEN_FDNAMES); empty for none.
	Name string `json:"name,omitempty"`
	// Address is in the form of Address.String; the path of a Unix socket is
	// absolute and clean.
	Address string `json:"address"`
}

// NoListenName stands in LISTEN_FDNAMES for a socket without a name, as
// sd_listen_fds_with_names(3) has it.
const NoListenName = "unknown"

// At returns the address. That of a valid Spec can be read.
func (l Listener) At() Address {
	a, _ := ParseAddress(l.Address)
	return a
}

// readListen takes an address, a list of them, or an object of such by name. Paths
// are left as they were written.
func readListen(_ *Key, v *value) (any, error) {
	if v.kind != object {
		return addresses("", v)
	}
	var all []Listener
	for _, f := range v.fields {
		if err := checkListenName(f.key); err != nil {
			return nil, err
		}
		named, err := addresses(f.key, f.value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.key, err)
		}
		all = append(all, named...)
	}
	return all, nil
}

func addresses(name string, v *value) ([]Listener, error) {
	if v.kind != list {
		v = &value{kind: list, items: []*value{v}}
	}
	all := make([]Listener, 0, len(v.items))
	for _, item := range v.items {
		if item.kind != number && item.kind != text {
			return nil, wrong(item, wantAddress)
		}
		a, err := ParseAddress(item.decimal())
		if err != nil {
			return nil, err
		}
		all = append(all, Listener{name, a.String()})
	}
	return all, nil
}

// listen settles the sockets that are opened for the app. With them the next
// process may run beside the old one, so that reload needs no word.
func (r *resolver) listen() {
	s := &r.spec
	for _, l := range given(r.app, "listen", []Listener(nil)) {
		if a := l.At(); a.Path != "" {
			path, err := r.o.absolute(s.Cwd, a.Path)
			if err != nil {
				r.fail("listen", "%s", err)
				continue
			}
			l.Address = Address{Path: path}.String()
		}
		s.Listen = append(s.Listen, l)
	}
	if err := apart(s.Listen); err != nil {
		r.fail("listen", "%s", err)
	}
	if len(s.Listen) > 0 {
		s.Reload = given(r.app, "reload", ReloadOverlap)
	}
}

// apart returns an error when two sockets of an app could not both be opened.
func apart(all []Listener) error {
	for n, l := range all {
		for _, other := range all[:n] {
			switch {
			case l.Address == other.Address:
				return fmt.Errorf("found %s twice; want each address once", l.Address)
			case l.At().Meets(other.At()):
				return fmt.Errorf("found %s beside %s, and one includes the other; want one of the two", l.Address, other.Address)
			}
		}
	}
	return nil
}

// validListen is the second look of Validate.
func (s *Spec) validListen() error {
	for _, l := range s.Listen {
		a, err := ParseAddress(l.Address)
		if err == nil && a.String() != l.Address {
			err = fmt.Errorf("found %s; want %s", quoted(l.Address), a)
		}
		if err == nil && a.Path != "" {
			err = absolutePath(a.Path)
		}
		if err == nil && l.Name != "" {
			err = checkListenName(l.Name)
		}
		if err != nil {
			return err
		}
	}
	return apart(s.Listen)
}

// AddressOwners says which apps listen where.
type AddressOwners []addressOwner

type addressOwner struct {
	app      string
	listener Listener
}

// Claim notes the addresses of an app. An error names the app that has one of
// them; the others are noted all the same.
func (o *AddressOwners) Claim(s *Spec) (err error) {
	for _, l := range s.Listen {
		for _, other := range *o {
			if err == nil && other.app != s.Name && other.listener.At().Meets(l.At()) {
				err = fmt.Errorf("found %s, but app %s listens there (%s); want another address", l.Address, quoted(other.app), other.listener.Address)
			}
		}
		*o = append(*o, addressOwner{s.Name, l})
	}
	return err
}
