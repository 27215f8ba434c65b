package sessionmanager

import (
	"context"
	"encoding/json"
	"net/http"
)

// Health is what the Session Manager says of itself.
type Health struct {
	// WhatsAppState is its whatsapp_state, empty where it says none.
	WhatsAppState string
	// Body is the whole answer.
	Body []byte
}

// WhatsAppConnected tells whether it has a WhatsApp session that can send.
func (h Health) WhatsAppConnected() bool { return h.WhatsAppState == "READY" }

// Health asks the Session Manager for its health and prints nothing. Any status of
// 200 to 299 is good, whatever the body.
func (c *Client) Health(ctx context.Context) (Health, error) {
	a, err := c.do(ctx, call{method: http.MethodGet, path: "/health"})
	if err != nil {
		return Health{}, err
	}
	if !a.ok() {
		return Health{}, a.failed(Unreachable)
	}
	var keys map[string]json.RawMessage
	if json.Unmarshal(a.body, &keys) != nil {
		return Health{Body: a.body}, nil
	}
	state, _ := text(keys["whatsapp_state"])
	return Health{WhatsAppState: state, Body: a.body}, nil
}

// CheckHealth is Health for whoever wants the log lines: nil when it is good.
func (c *Client) CheckHealth(ctx context.Context) error {
	c.out.HealthCheck()
	if _, err := c.Health(ctx); err != nil {
		c.out.HealthCheckFailed(err)
		return err
	}
	c.out.HealthCheckOK()
	return nil
}
