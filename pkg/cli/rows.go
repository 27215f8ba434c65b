package cli

import (
	"strconv"

	"github.com/leadmaster/hub/pkg/api"
)

// restartsHead is the head of the column of restarts, as in PM2. Its width is
// known without a table.
const restartsHead = "↺"

// column is a column of the process table.
type column struct {
	head string
	cell func(*api.Row) cell
}

// allColumns returns the columns of a wide terminal, or of none.
func allColumns() []column {
	return []column{
		{"id", idCell}, {"name", nameCell}, {"namespace", namespaceCell}, {"version", versionCell},
		{"mode", modeCell}, {"pid", pidCell}, {"uptime", uptimeCell}, {restartsHead, restartsCell},
		{"status", statusCell}, {"cpu", cpuCell}, {"mem", memoryCell}, {"user", userCell},
		{"watching", watchingCell},
	}
}

// fewerColumns returns the columns of a narrower terminal.
func fewerColumns() []column {
	return []column{
		{"id", idCell}, {"name", nameCell}, {"mode", modeCell}, {restartsHead, restartsCell},
		{"status", statusCell}, {"cpu", cpuCell}, {"memory", memoryCell},
	}
}

// fewestColumns returns PM2's columns of a narrow terminal.
func fewestColumns() []column {
	return []column{
		{"id", idCell}, {"name", nameCell}, {"status", statusCell}, {"cpu", cpuCell}, {"mem", memoryCell},
	}
}

// essentialColumns returns the columns that are always there.
func essentialColumns() []column {
	return []column{{"id", idCell}, {"name", nameCell}, {"status", statusCell}}
}

// nameColumn is the place of the name in each of the sets.
const nameColumn = 1

// Width of names: where columns are dropped rather than the name cut further,
// and the least when nothing is left to drop.
const (
	comfortableName = 16
	leastName       = 4
)

// appendTable draws the process table as wide as the terminal allows: columns
// go before names are cut to nothing.
func appendTable(buf []byte, rows []api.Row, term terminal) []byte {
	var t *table
	var widths []int
	for _, columns := range [...]func() []column{allColumns, fewerColumns, fewestColumns, essentialColumns} {
		t = tableOf(columns(), rows)
		widths = t.widths()
		over := tableWidth(widths) - term.width
		if term.width == 0 || over <= 0 {
			break
		}
		if widths[nameColumn]-over >= comfortableName {
			widths[nameColumn] -= over
			break
		}
	}
	if over := tableWidth(widths) - term.width; term.width > 0 && over > 0 {
		widths[nameColumn] = max(widths[nameColumn]-over, leastName)
	}
	return t.append(buf, widths, term)
}

func tableOf(columns []column, rows []api.Row) *table {
	t := &table{cells: make([]cell, 0, len(columns)*len(rows))}
	for _, c := range columns {
		t.heads = append(t.heads, cell{c.head, accent})
	}
	for i := range rows {
		for _, c := range columns {
			t.cells = append(t.cells, c.cell(&rows[i]))
		}
	}
	return t
}

func idCell(r *api.Row) cell        { return cell{strconv.Itoa(r.ID), accent} }
func nameCell(r *api.Row) cell      { return cell{harmless(r.Name, false), plain} }
func namespaceCell(r *api.Row) cell { return cell{harmless(r.Namespace, false), plain} }
func versionCell(r *api.Row) cell   { return cell{harmless(orNA(r.Version), false), plain} }
func modeCell(r *api.Row) cell      { return cell{r.Mode, bold} }
func pidCell(r *api.Row) cell       { return cell{strconv.Itoa(r.PID), plain} }
func restartsCell(r *api.Row) cell  { return cell{strconv.Itoa(r.Restarts), plain} }
func cpuCell(r *api.Row) cell       { return cell{percentText(r.CPU), plain} }
func memoryCell(r *api.Row) cell    { return cell{sizeText(r.Memory), plain} }
func userCell(r *api.Row) cell      { return cell{harmless(r.User, false), bold} }

func uptimeCell(r *api.Row) cell {
	if r.Status != api.StatusOnline {
		return cell{"0", plain}
	}
	return cell{spanText(r.Uptime), plain}
}

func watchingCell(r *api.Row) cell {
	if r.Watching {
		return cell{"enabled", green}
	}
	return cell{"disabled", plain}
}

func statusCell(r *api.Row) cell {
	if r.NotReady {
		return cell{r.Status + " (not ready)", yellow}
	}
	return cell{harmless(r.Status, false), statusColour(r.Status)}
}

func statusColour(status string) colour {
	switch status {
	case api.StatusOnline:
		return green
	case api.StatusStopped, api.StatusErrored:
		return red
	}
	return yellow
}

// appendMini writes PM2's plain list.
func appendMini(buf []byte, rows []api.Row) []byte {
	for i := range rows {
		r := &rows[i]
		watching := "no"
		if r.Watching {
			watching = "yes"
		}
		buf = append(buf, "+--- "+nameCell(r).text+"\n"...)
		for _, field := range [...][2]string{
			{"namespace", namespaceCell(r).text},
			{"version", versionCell(r).text},
			{"pid", pidCell(r).text},
			{"pm2 id", idCell(r).text},
			{"status", statusCell(r).text},
			{"mode", r.Mode},
			{"restarted", restartsCell(r).text},
			{"uptime", uptimeCell(r).text},
			{"memory usage", memoryCell(r).text},
			{"watching", watching},
		} {
			buf = append(buf, field[0]+" : "+field[1]+"\n"...)
		}
		buf = append(buf, '\n')
	}
	return buf
}
