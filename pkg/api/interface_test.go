package api

import (
	"encoding"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/spec"
	"github.com/varlink/go/varlink/idl"
)

// aliases are the Go types of the interface's named types.
var aliases = map[string]reflect.Type{
	"Row": reflect.TypeFor[Row](), "Host": reflect.TypeFor[Host](), "Monit": reflect.TypeFor[Monit](), "PM2Env": reflect.TypeFor[PM2Env](),
	"Event": reflect.TypeFor[Event](), "Detail": reflect.TypeFor[Detail](), "Process": reflect.TypeFor[Process](),
	"Result": reflect.TypeFor[Result](), "LogSource": reflect.TypeFor[LogSource](), "LogPosition": reflect.TypeFor[LogPosition](), "Origin": reflect.TypeFor[Origin](),
	"LogLine": reflect.TypeFor[LogLine](), "Adopting": reflect.TypeFor[Adopting](), "SavedApp": reflect.TypeFor[SavedApp](),
	"Stray": reflect.TypeFor[Stray](),
}

// none is what a method without parameters takes.
type none struct{}

// methods are the Go types of the methods' parameters and replies.
var methods = map[string]struct{ in, out reflect.Type }{
	"Daemon":     {reflect.TypeFor[none](), reflect.TypeFor[DaemonReply]()},
	"Control":    {reflect.TypeFor[ControlCall](), reflect.TypeFor[ResultsReply]()},
	"List":       {reflect.TypeFor[ListCall](), reflect.TypeFor[ListReply]()},
	"Processes":  {reflect.TypeFor[ProcessesCall](), reflect.TypeFor[ProcessesReply]()},
	"Start":      {reflect.TypeFor[StartCall](), reflect.TypeFor[ResultsReply]()},
	"Act":        {reflect.TypeFor[ActCall](), reflect.TypeFor[ResultsReply]()},
	"Env":        {reflect.TypeFor[EnvCall](), reflect.TypeFor[EnvReply]()},
	"Logs":       {reflect.TypeFor[LogsCall](), reflect.TypeFor[LogsReply]()},
	"LogControl": {reflect.TypeFor[LogControlCall](), reflect.TypeFor[LogControlReply]()},
	"Events":     {reflect.TypeFor[EventsCall](), reflect.TypeFor[EventsReply]()},
	"Dump":       {reflect.TypeFor[DumpCall](), reflect.TypeFor[DumpReply]()},
	"Resurrect":  {reflect.TypeFor[ResurrectCall](), reflect.TypeFor[ResurrectReply]()},
	"Saved":      {reflect.TypeFor[none](), reflect.TypeFor[SavedReply]()},
	"Strays":     {reflect.TypeFor[none](), reflect.TypeFor[StraysReply]()},
}

// asText and asNumber are types that write themselves as something simpler.
var (
	asText   = []reflect.Type{reflect.TypeFor[[]byte](), reflect.TypeFor[spec.Signal]()}
	asNumber = []reflect.Type{reflect.TypeFor[spec.Duration](), reflect.TypeFor[spec.Size]()}
)

func description(t *testing.T) *idl.IDL {
	t.Helper()
	d, err := idl.New(Description)
	if err != nil {
		t.Fatalf("%s.varlink: %v", Interface, err)
	}
	return d
}

func TestInterfaceName(t *testing.T) {
	t.Parallel()
	if d := description(t); d.Name != Interface {
		t.Errorf("the file describes %s, not %s", d.Name, Interface)
	}
}

func TestTypesFitTheInterface(t *testing.T) {
	t.Parallel()
	c := check{t}
	d := description(t)
	for _, a := range d.Aliases {
		if typ, ok := aliases[a.Name]; ok {
			c.fits(a.Name, a.Type, typ)
		} else {
			t.Errorf("type %s has no Go type", a.Name)
		}
	}
	for _, m := range d.Methods {
		if types, ok := methods[m.Name]; ok {
			c.fits(m.Name+" parameters", m.In, types.in)
			c.fits(m.Name+" reply", m.Out, types.out)
		} else {
			t.Errorf("method %s has no Go types", m.Name)
		}
	}
	for name := range aliases {
		if !slices.ContainsFunc(d.Aliases, func(a *idl.Alias) bool { return a.Name == name }) {
			t.Errorf("Go type %s is not in the interface", name)
		}
	}
	for name := range methods {
		if !slices.ContainsFunc(d.Methods, func(m *idl.Method) bool { return m.Name == name }) {
			t.Errorf("method %s is not in the interface", name)
		}
	}
}

// check compares types of the interface with Go types.
type check struct{ t *testing.T }

func (c check) fits(where string, want *idl.Type, typ reflect.Type) {
	switch {
	case slices.Contains(asText, typ):
		c.kind(where, want, idl.TypeString, typ)
	case slices.Contains(asNumber, typ):
		c.kind(where, want, idl.TypeInt, typ)
	case want.Kind == idl.TypeObject:
		if typ != reflect.TypeFor[spec.Spec]() && typ != reflect.TypeFor[json.RawMessage]() {
			c.t.Errorf("%s: an object is %v in Go", where, typ)
		}
	case typ.Kind() == reflect.Pointer:
		c.fits(where, want, typ.Elem())
	case typ.Implements(reflect.TypeFor[json.Marshaler]()) || typ.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		c.t.Errorf("%s: %v writes itself, and this test does not know as what", where, typ)
	default:
		c.plain(where, want, typ)
	}
}

func (c check) plain(where string, want *idl.Type, typ reflect.Type) {
	switch typ.Kind() {
	case reflect.Bool:
		c.kind(where, want, idl.TypeBool, typ)
	case reflect.Int, reflect.Int64:
		c.kind(where, want, idl.TypeInt, typ)
	case reflect.Float64:
		c.kind(where, want, idl.TypeFloat, typ)
	case reflect.String:
		c.kind(where, want, idl.TypeString, typ)
	case reflect.Slice:
		if c.kind(where, want, idl.TypeArray, typ) {
			c.fits(where+"[]", want.ElementType, typ.Elem())
		}
	case reflect.Map:
		if c.kind(where, want, idl.TypeMap, typ) {
			c.fits(where+"[]", want.ElementType, typ.Elem())
		}
	case reflect.Struct:
		c.structure(where, want, typ)
	default:
		c.t.Errorf("%s: no type of Varlink fits %v", where, typ)
	}
}

func (c check) kind(where string, want *idl.Type, kind idl.TypeKind, typ reflect.Type) bool {
	if want.Kind != kind {
		c.t.Errorf("%s: kind %d in the interface, %v in Go", where, want.Kind, typ)
	}
	return want.Kind == kind
}

func (c check) structure(where string, want *idl.Type, typ reflect.Type) {
	if want.Kind == idl.TypeAlias {
		if aliases[want.Alias] != typ {
			c.t.Errorf("%s: %s in the interface, %v in Go", where, want.Alias, typ)
		}
		return
	}
	if !c.kind(where, want, idl.TypeStruct, typ) {
		return
	}
	fields := make(map[string]reflect.StructField)
	for n := range typ.NumField() {
		f := typ.Field(n)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[name] = f
	}
	for _, f := range want.Fields {
		if field, ok := fields[f.Name]; ok {
			c.field(where+"."+f.Name, f.Type, field)
		} else {
			c.t.Errorf("%s.%s is not in Go's %v", where, f.Name, typ)
		}
		delete(fields, f.Name)
	}
	for name := range fields {
		c.t.Errorf("%s.%s of Go's %v is not in the interface", where, name, typ)
	}
}

// field: what may be missing or null in the interface is what Go leaves out.
func (c check) field(where string, want *idl.Type, f reflect.StructField) {
	_, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	if optional := options == "omitempty"; optional != (want.Kind == idl.TypeMaybe) {
		c.t.Errorf("%s: may be left out in Go: %v; in the interface: %v", where, optional, !optional)
	}
	if f.Type.Kind() == reflect.Pointer && want.Kind != idl.TypeMaybe {
		c.t.Errorf("%s: null in Go, not in the interface", where)
	}
	if want.Kind == idl.TypeMaybe {
		want = want.ElementType
	}
	c.fits(where, want, f.Type)
}

// declared returns the names that this package's files declare.
func declared(t *testing.T, kind ast.ObjKind) []string {
	t.Helper()
	var names []string
	for _, file := range []string{"types.go", "errors.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for name, o := range f.Scope.Objects {
			if o.Kind == kind {
				names = append(names, name)
			}
		}
	}
	return names
}

func TestErrorsFitTheInterface(t *testing.T) {
	t.Parallel()
	codes := map[string]string{
		"NotFound": CodeNotFound, "Refused": CodeRefused, "Invalid": CodeInvalid,
		"Failed": CodeFailed, "Ending": CodeEnding, "ExpectedMore": CodeExpectedMore,
	}
	c := check{t}
	for _, e := range description(t).Errors {
		if codes[e.Name] != Interface+"."+e.Name {
			t.Errorf("error %s has no code", e.Name)
		}
		delete(codes, e.Name)
		fields := slices.Clone(e.Type.Fields)
		typ := reflect.TypeFor[Error]()
		for n := range typ.NumField() {
			f := typ.Field(n)
			name := f.Tag.Get("json")
			if name == "-" {
				continue
			}
			at := slices.IndexFunc(fields, func(f idl.TypeField) bool { return f.Name == name })
			if at < 0 {
				t.Errorf("error %s has no field %s", e.Name, name)
				continue
			}
			c.field(e.Name+"."+name, fields[at].Type, f)
			fields = slices.Delete(fields, at, at+1)
		}
		if len(fields) > 0 {
			t.Errorf("error %s has fields that Go does not know: %v", e.Name, fields)
		}
	}
	for name := range codes {
		t.Errorf("code %s is not in the interface", name)
	}
	known := []string{"CodeNotFound", "CodeRefused", "CodeInvalid", "CodeFailed", "CodeEnding", "CodeExpectedMore"}
	for _, name := range declared(t, ast.Con) {
		if strings.HasPrefix(name, "Code") && !slices.Contains(known, name) {
			t.Errorf("%s is not held together with the interface by this test", name)
		}
	}
}

// No parameters or reply of Go stands beside the interface.
func TestEveryCallAndReplyIsOfAMethod(t *testing.T) {
	t.Parallel()
	var known []string
	for _, m := range methods {
		known = append(known, m.in.Name(), m.out.Name())
	}
	for _, name := range declared(t, ast.Typ) {
		if (strings.HasSuffix(name, "Call") || strings.HasSuffix(name, "Reply")) && !slices.Contains(known, name) {
			t.Errorf("%s is of no method", name)
		}
	}
}
