package hub

import (
	"context"
	"errors"

	"github.com/leadmaster/hub/apps/central-hub/internal/sessionmanager"
	"github.com/leadmaster/hub/apps/central-hub/internal/status"
)

// prober asks the Session Manager for /status.
type prober struct {
	manager *sessionmanager.Client
}

func (p prober) Probe(ctx context.Context) (whatsappConnected bool, err error) {
	health, err := p.manager.Health(ctx)
	if code := sessionmanager.StatusError(0); errors.As(err, &code) {
		return false, status.HTTPError(code)
	}
	return health.WhatsAppConnected(), err
}
