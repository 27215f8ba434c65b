package systemd

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/leadmaster/hub/pkg/cgroup"
)

// UnitFile is hub's own unit.
type UnitFile struct {
	Name   string // without ".service"
	Home   string // HUB_HOME, absolute
	BinDir string // where hubctl and hubd lie, absolute
	// Account is whom the daemon runs as, "" for root, and in a unit of a user's own
	// systemd.
	Account string
	// Rooted says that nobody but root can replace the programs. Only then does root
	// execute them for a unit of another account.
	Rooted bool
	User   bool // it is for a user's own systemd
	// StopTime is how long the slowest app may take to end.
	StopTime time.Duration
	// Version is systemd's, 0 where it is not known: the file is then one for all.
	Version int
	// WaitOnline has the unit start when the network is up, as PM2's --wait-ip does.
	WaitOnline bool
}

const (
	// stopMargin is what the end of daemon and keeper takes beside that of the apps.
	stopMargin = 30 * time.Second
	// delegateSubgroup is the version that brought DelegateSubgroup=.
	delegateSubgroup = 254
)

// Text returns the file, with a reason beside each setting that is not plain.
func (u UnitFile) Text() string {
	b := new(unitWriter)
	b.lines(`# Written by "hubctl startup", which writes it anew. Settings of your own belong into a`,
		"# drop-in: systemctl "+u.scope()+"edit "+u.Name+".service")
	u.unitSection(b)
	u.serviceSection(b)
	target := "multi-user.target"
	if u.User {
		target = "default.target"
	}
	b.lines("", "[Install]", "WantedBy="+target)
	return b.String()
}

func (u UnitFile) unitSection(b *unitWriter) {
	b.lines("[Unit]",
		"Description=hub process manager",
		"Documentation=https://github.com/leadmaster/hub")
	if !u.User {
		b.lines("# At a shutdown apps end before the network and the disks go.",
			"After=network.target remote-fs.target nss-user-lookup.target")
		b.linesIf(u.WaitOnline, "Wants=network-online.target", "After=network-online.target")
		b.lines("RequiresMountsFor=" + quote(u.Home) + " " + quote(u.BinDir))
	}
	b.lines("# Whatever happens to it, it is started again.", "StartLimitIntervalSec=0")
}

func (u UnitFile) serviceSection(b *unitWriter) {
	hubctl := execWord(u.BinDir, "hubctl")
	b.lines("", "[Service]",
		"# The main process is hub-keeper, which hubd executes in its own place. The unit is",
		"# active when all saved apps were launched.",
		"Type=notify",
		"NotifyAccess=all")
	b.linesIf(u.Account != "", "User="+specifiers(u.Account))
	b.lines("Environment="+quote("HUB_HOME="+u.Home),
		"ExecStart="+execWord(u.BinDir, "hubd")+" --resurrect",
		"# A new hubd takes the daemon's place, apps run on.",
		"ExecReload="+hubctl+" update",
		"# At a stop the apps end, each in its own time. At a restart they run on.",
		"ExecStop="+u.privileged()+hubctl+" unit-stop",
		"ExecStopPost="+u.privileged()+hubctl+" unit-stopped",
		`# Who ends everything ("hubctl kill") means it: exit code 0.`,
		"Restart=always",
		"RestartSec=100ms",
		"RestartPreventExitStatus=0",
		"# Systemd leaves the apps alone, and SIGUSR2 makes the daemon the next keeper. The file",
		"# names the daemon, so that it is the main process at once when the keeper dies.",
		"KillMode=process",
		"KillSignal=SIGUSR2",
		"SuccessExitStatus=75",
		"RuntimeDirectory="+u.Name,
		"PIDFile=%t/"+u.Name+"/next.pid",
		"TimeoutStartSec=120",
		"TimeoutStopSec="+strconv.Itoa(int((u.StopTime+stopMargin).Round(time.Second)/time.Second)),
		"WatchdogSec=30",
		"TimeoutAbortSec=10",
		"# Each app has a cgroup of its own below the unit's.",
		"Delegate=yes")
	b.linesIf(u.Version >= delegateSubgroup, "DelegateSubgroup="+cgroup.Subgroup)
	b.lines("# An app that runs out of memory is that app's affair.",
		"OOMPolicy=continue",
		"TasksMax=infinity")
	if u.User {
		return // the rest takes rights that a user's own systemd does not have
	}
	b.lines("OOMScoreAdjust=-500",
		"# Apps get the first number; the daemon needs a few for each app.",
		"LimitNOFILE=65536:1048576",
		"# What a unit forbids it forbids to its apps. These no app has any use for.",
		"CapabilityBoundingSet=~CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_BOOT CAP_MAC_ADMIN CAP_MAC_OVERRIDE CAP_BLOCK_SUSPEND CAP_WAKE_ALARM",
		"KeyringMode=private")
}

// unitWriter gathers lines.
type unitWriter struct{ strings.Builder }

func (b *unitWriter) lines(lines ...string) {
	for _, line := range lines {
		b.WriteString(line + "\n")
	}
}

func (b *unitWriter) linesIf(wanted bool, lines ...string) {
	if wanted {
		b.lines(lines...)
	}
}

// scope is what systemctl needs to find the unit.
func (u UnitFile) scope() string {
	if u.User {
		return "--user "
	}
	return ""
}

// privileged is the prefix of commands that run as root although User= names another
// account: an end has to reach what has changed its user.
func (u UnitFile) privileged() string {
	if u.Account != "" && u.Rooted {
		return "+"
	}
	return ""
}

// specifiers escapes what systemd would expand (systemd.unit(5)).
func specifiers(text string) string { return strings.ReplaceAll(text, "%", "%%") }

// quote makes one word of a setting's value.
func quote(text string) string {
	text = specifiers(text)
	if !strings.ContainsAny(text, " \t\"'\\;") {
		return text
	}
	return strconv.Quote(text)
}

// execWord is the path of a program in a command line. Variables are expanded in
// arguments only (systemd.service(5)).
func execWord(dir, name string) string { return quote(filepath.Join(dir, name)) }
