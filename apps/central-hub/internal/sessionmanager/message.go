package sessionmanager

import (
	"context"
	"encoding/json"
	"net/http"
)

// Message is a text that a customer sends.
type Message struct {
	ClienteID int64  `json:"cliente_id"`
	To        string `json:"to"`
	Text      string `json:"message"`
}

// SendMessage sends a message and returns the Session Manager's answer, a JSON object.
func (c *Client) SendMessage(ctx context.Context, message Message) (json.RawMessage, error) {
	a, err := c.do(ctx, call{http.MethodPost, "/send", message.ClienteID, message})
	if err != nil {
		return nil, err
	}
	switch {
	case a.ok():
		if _, err := object(a.body); err != nil {
			return nil, err
		}
		c.out.MessageSent(message.To)
		return a.body, nil
	case a.status == http.StatusBadRequest:
		c.out.MessageInvalid(a.body)
		return nil, a.failed(Invalid)
	case a.status == http.StatusConflict:
		c.out.SessionNotReady(a.body)
		return nil, a.failed(SessionNotReady)
	case a.status == http.StatusInternalServerError:
		c.out.WhatsAppFailed(a.body)
		return nil, a.failed(WhatsAppFailed)
	default:
		return nil, c.unexpected(a)
	}
}

// unexpected returns the error for a status that the call has no meaning for.
func (c *Client) unexpected(a answer) error {
	c.out.Unexpected(a.status, a.body)
	return a.failed(Unreachable)
}
