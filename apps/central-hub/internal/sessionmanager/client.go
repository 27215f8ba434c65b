// Package sessionmanager calls the Session Manager, the service that holds the WhatsApp
// sessions. It says what the Session Manager answered and decides nothing: no retries,
// no cache, no translation of a session's status.
package sessionmanager

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
)

const (
	dialLimit = 5 * time.Second
	// callLimit is for a whole call, from the look-up of the host to the end of the body.
	callLimit = 30 * time.Second
	// idleLimit is shorter than Node keeps an idle connection (5 s): a POST must not go
	// out on one that the other side is closing, since nothing repeats it.
	idleLimit = 4 * time.Second

	maxAnswer  = 1 << 20  // bytes of a body; a session with a QR code has some thousands
	maxHeaders = 64 << 10 // bytes
)

// Client calls one Session Manager, over connections that it keeps open between calls.
// It is safe for concurrent use.
type Client struct {
	base  string
	http  http.Client
	out   *console.Console
	dial  time.Duration
	limit time.Duration
}

// New returns a client of the Session Manager at baseURL, whose calls print to out. One
// slash at the URL's end is dropped. The error is an Error of the kind InvalidConfig.
func New(baseURL string, out *console.Console) (*Client, error) {
	return newClient(baseURL, out, dialLimit, callLimit)
}

func newClient(baseURL string, out *console.Console, dial, limit time.Duration) (*Client, error) {
	u, err := url.Parse(baseURL)
	if err != nil {
		return nil, &Error{Kind: InvalidConfig, Cause: err}
	}
	if u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, &Error{Kind: InvalidConfig, Cause: errors.New("want a URL with http or https and a host")}
	}
	c := &Client{base: strings.TrimSuffix(baseURL, "/"), out: out, dial: dial, limit: limit}
	c.http = http.Client{
		// A service of the contract redirects nowhere; who does is not it.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		// No proxy: the Session Manager is a neighbour.
		Transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: dial}).DialContext,
			TLSHandshakeTimeout:    dial,
			IdleConnTimeout:        idleLimit,
			MaxIdleConnsPerHost:    16,
			MaxResponseHeaderBytes: maxHeaders,
		},
	}
	return c, nil
}

// call is one request.
type call struct {
	method, path string
	// clienteID is that of the customer whom it is about, 0 if it is about none.
	clienteID int64
	// body is sent as JSON; nil: none.
	body any
}

// answer is what came back, of whatever status, with its whole body.
type answer struct {
	status int
	body   []byte
}

func (a answer) ok() bool { return a.status/100 == 2 }

// failed returns the error of kind for this answer.
func (a answer) failed(kind Kind) error {
	return &Error{Kind: kind, Cause: StatusError(a.status)}
}

// do makes one call. Its error is an Error: Timeout or Unreachable.
func (c *Client) do(ctx context.Context, call call) (answer, error) {
	bounded, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	r, err := c.request(bounded, call)
	if err != nil {
		return answer{}, &Error{Kind: Unreachable, Cause: err}
	}
	a, err := c.exchange(r)
	if err != nil {
		return answer{}, c.failure(ctx, bounded, err)
	}
	return a, nil
}

func (c *Client) request(ctx context.Context, call call) (*http.Request, error) {
	var body io.Reader
	if call.body != nil {
		text, err := json.Marshal(call.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, call.method, c.base+call.path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if call.clienteID > 0 {
		r.Header.Set("X-Cliente-Id", strconv.FormatInt(call.clienteID, 10))
	}
	return r, nil
}

// exchange reads the body to its end, so that the connection can be used again.
func (c *Client) exchange(r *http.Request) (answer, error) {
	response, err := c.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return answer{}, err
	}
	if len(body) > maxAnswer {
		return answer{}, fmt.Errorf("an answer of over %d bytes", maxAnswer)
	}
	return answer{response.StatusCode, body}, nil
}

// failure tells whose time ran out, the caller's or the client's own, or that it was
// something else.
func (c *Client) failure(caller, bounded context.Context, err error) error {
	var slow net.Error
	switch {
	case caller.Err() != nil:
		return &Error{Kind: Timeout, Cause: err}
	case bounded.Err() != nil:
		return &Error{Kind: Timeout, Limit: c.limit, Cause: err}
	case errors.As(err, &slow) && slow.Timeout():
		return &Error{Kind: Timeout, Limit: c.dial, Cause: err}
	default:
		return &Error{Kind: Unreachable, Cause: err}
	}
}

// object returns the keys of a body that is one JSON object, each value as it came.
func object(body []byte) (map[string]json.RawMessage, error) {
	var keys map[string]json.RawMessage
	err := json.Unmarshal(body, &keys)
	if err == nil && keys == nil {
		err = errors.New("null is no object")
	}
	if err != nil {
		return nil, &Error{Kind: Unreachable, Cause: fmt.Errorf("read the answer: %w", err)}
	}
	return keys, nil
}

// text returns a value that is a JSON string, and whether it is one.
func text(value json.RawMessage) (string, bool) {
	var s *string
	if json.Unmarshal(value, &s) != nil || s == nil {
		return "", false
	}
	return *s, true
}
