package logs

import "context"

func (l *Loop) Freeze(ctx context.Context) (thaw func(), err error) { return l.loop.Freeze(ctx) }
func (in *Intake) Descriptor() int {
	if in.ended {
		return -1
	}
	return in.fd
}
func (l *Loop) Adopted() {}
