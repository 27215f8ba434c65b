package cgroup

import "testing"

func TestUnitAt(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]Unit{
		"/system.slice/hubd.service":                                           {Name: "hubd.service", Path: "/system.slice/hubd.service"},
		"/system.slice/hubd.service/hub":                                       {Name: "hubd.service", Path: "/system.slice/hubd.service", Below: "/hub"},
		"/system.slice/hubd.service/hub-1/uuid":                                {Name: "hubd.service", Path: "/system.slice/hubd.service", Below: "/hub-1/uuid"},
		"/system.slice/system-hubd.slice/hubd@x.service/.control":              {Name: "hubd@x.service", Path: "/system.slice/system-hubd.slice/hubd@x.service", Below: "/.control"},
		"/user.slice/user-1000.slice/user@1000.service/app.slice/hubd.service": {Name: "hubd.service", Path: "/user.slice/user-1000.slice/user@1000.service/app.slice/hubd.service", User: true},
		"/user.slice/user-1000.slice/user@1000.service/init.scope":             {User: true},
		"/user.slice/user-1000.slice/session-3.scope":                          {},
		"/user.slice/user-1000.slice/session-3.scope/hub-1/uuid":               {},
		"/": {},
		"":  {},
	} {
		if got := UnitAt(path); got != want {
			t.Errorf("%s: %+v, want %+v", path, got, want)
		}
	}
}
