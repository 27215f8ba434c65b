package spec

import (
	"fmt"
	"path/filepath"
	"strings"
)

// maxApps is the most apps that one file may hold.
const maxApps = 10000

// read finds the apps in any of the forms that PM2 takes: under apps or pm2 as
// a list or one object, a list at the top, or one app object at the top.
func (f *File) read(root *value) {
	switch root.kind {
	case list:
		f.apps("apps", root)
	case object:
		f.object(root)
	default:
		f.report.fail(Problem{Line: root.line, Message: fmt.Sprintf("found %s; want apps: and a list of apps below it", root.describe())})
	}
}

func (f *File) object(root *value) {
	under := root.get("apps")
	if under == nil {
		under = root.get("pm2")
	}
	bare := &value{kind: object, line: root.line}
	isBare := under == nil && bareApp(root)
	for _, top := range root.fields {
		if isBare && top.key != "deploy" && top.key != "static" {
			bare.fields = append(bare.fields, top)
		} else {
			f.section(top)
		}
	}
	if isBare {
		f.app(bare)
	}
	if under != nil {
		f.apps(under.key, under.value)
	}
}

// bareApp reports whether the object at the top is an app itself; one that only
// has other sections declares no apps.
func bareApp(root *value) bool {
	for _, top := range root.fields {
		if _, known := spellings()[top.key]; known {
			return true
		}
	}
	return root.get("deploy") == nil && root.get("static") == nil
}

// section warns about what stands beside apps. Keys that begin with x- or a dot
// are where people keep anchors; a package.json has a life of its own.
func (f *File) section(top field) {
	p := Problem{Line: top.line, Key: top.key}
	switch {
	case top.key == "apps", top.key == "pm2":
		return
	case filepath.Base(f.Path) == "package.json":
		return
	case strings.HasPrefix(top.key, "x-"), strings.HasPrefix(top.key, "."):
		return
	case top.key == "deploy":
		p.Message = "is ignored: hub does not deploy"
		f.report.warn(p)
		return
	case top.key == "static":
		p.Message = "is ignored: hub has no file server"
		f.report.warn(p)
		return
	}
	p.Message = "unknown key of the file, ignored; want apps"
	if _, known := spellings()[top.key]; known {
		p.Message = "is ignored outside of an app; move it below apps"
	}
	f.report.dropped(p)
}

func (f *File) apps(key string, v *value) {
	switch v.kind {
	case null:
	case object:
		f.app(v)
	case list:
		if len(v.items) > maxApps {
			f.report.fail(Problem{Line: v.line, Key: key, Message: fmt.Sprintf("found %d apps; want at most %d in a file", len(v.items), maxApps)})
			return
		}
		for _, item := range v.items {
			f.app(item)
		}
	default:
		f.report.fail(Problem{Line: v.line, Key: key, Message: fmt.Sprintf("found %s; want a list of apps", v.describe())})
	}
	f.uniqueNames()
}

func (f *File) app(v *value) {
	if v.kind != object {
		f.report.fail(Problem{Line: v.line, Message: fmt.Sprintf("found %s in the list of apps; want an object with script and name", v.describe())})
		return
	}
	entries := make([]entry, len(v.fields))
	for i, field := range v.fields {
		entries[i] = entry{field.key, field.key, field.line, field.value}
	}
	f.Apps = append(f.Apps, readApp(&f.report, len(f.Apps), v.line, entries))
}

// uniqueNames refuses a second app of one name.
func (f *File) uniqueNames() {
	first := make(map[string]int)
	for i := range f.Apps {
		a := &f.Apps[i]
		line, taken := first[a.Name]
		switch {
		case a.Name == "":
		case taken:
			f.report.fail(a.problem("name", fmt.Sprintf("found a second app of this name, the first is on line %d; want a different name for each", line)))
		default:
			first[a.Name] = a.Line
		}
	}
}
