package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/leadmaster/hub/pkg/spec"
	"github.com/leadmaster/hub/pkg/supervise"
)

// dumpVersion is the version of dump.json that this program reads and writes.
const dumpVersion = 1

// errNewer means that a later version of hub wrote the file.
var errNewer = errors.New("it was written by a later version of hub")

// fields are those of a JSON object that this version does not know. They are
// kept: a list that an older hub saves is still whole for the newer one.
type fields map[string]json.RawMessage

// saved is dump.json: what resurrect starts.
type saved struct {
	Version int        `json:"version"`
	Apps    []savedApp `json:"apps"`

	extra fields
}

type savedApp struct {
	Name      string         `json:"name"`
	Instances int            `json:"instances"`
	Want      supervise.Want `json:"want"` // "up" or "down"
	Spec      savedSpec      `json:"spec"`
	BaseEnv   []string       `json:"base_env"`
	File      string         `json:"file,omitempty"`

	extra fields
	err   error // why it can't be used; the others can
}

type savedSpec struct {
	spec.Spec
	extra fields
}

// keep takes over what a later version has put into the list that is replaced.
func (s *saved) keep(old *saved) {
	s.extra = old.extra
	for n := range s.Apps {
		for _, o := range old.Apps {
			if o.Name == s.Apps[n].Name {
				s.Apps[n].extra, s.Apps[n].Spec.extra = o.extra, o.Spec.extra
			}
		}
	}
}

func readSaved(path string) (*saved, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	// The version first: of a later one nothing else can be relied on.
	var of struct{ Version int }
	if err := json.Unmarshal(data, &of); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	switch {
	case of.Version > dumpVersion:
		return nil, fmt.Errorf("read %s: version %d: %w", path, of.Version, errNewer)
	case of.Version < 1:
		return nil, fmt.Errorf("read %s: it has no version", path)
	}
	var s saved
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return &s, nil
}

// The methods below read and write the three types with their unknown fields.
// The plain types have the same fields and no methods.
type (
	plainSaved saved
	plainApp   savedApp
)

func (s saved) MarshalJSON() ([]byte, error)     { return join(plainSaved(s), s.extra) }
func (a savedApp) MarshalJSON() ([]byte, error)  { return join(plainApp(a), a.extra) }
func (s savedSpec) MarshalJSON() ([]byte, error) { return join(s.Spec, s.extra) }

func (s *saved) UnmarshalJSON(b []byte) (err error) {
	s.extra, err = split(b, (*plainSaved)(s))
	return err
}

func (a *savedApp) UnmarshalJSON(b []byte) error {
	a.extra, a.err = split(b, (*plainApp)(a))
	return nil
}

func (s *savedSpec) UnmarshalJSON(b []byte) (err error) {
	s.extra, err = split(b, &s.Spec)
	return err
}

// join writes v's own fields in their order, and the kept ones behind them.
func join(v any, extra fields) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil || len(extra) == 0 {
		return data, err
	}
	more, err := json.Marshal(extra)
	if err != nil {
		return nil, err
	}
	return append(append(data[:len(data)-1], ','), more[1:]...), nil
}

// split reads an object into v and returns the fields that v does not have.
func split(b []byte, v any) (fields, error) {
	if err := json.Unmarshal(b, v); err != nil {
		return nil, err
	}
	var all fields
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, err
	}
	t := reflect.TypeOf(v).Elem()
	for n := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(n).Tag.Get("json"), ",")
		delete(all, name)
	}
	return all, nil
}
