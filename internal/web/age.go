package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// fresh returns an error if header tells of a copy that is older than limit
// (RFC 9111: Age, and Date where a cache does not say). Who says nothing has
// made the answer for us.
func (c *Client) fresh(header http.Header, limit time.Duration) error {
	age := time.Duration(0)
	if text := header.Get("Age"); text != "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return fmt.Errorf("it gives the age of its answer as %q, which is no number of seconds", text)
		}
		age = time.Duration(seconds) * time.Second
	}
	if made, err := http.ParseTime(header.Get("Date")); err == nil {
		age = max(age, c.now().Sub(made))
	}
	if age > limit {
		return fmt.Errorf("its answer is %s old, and max_age is %s", age.Round(time.Second), limit)
	}
	return nil
}

// later is how long to wait before asking a busy server again (RFC 9110,
// 10.2.3); negative where asking again is of no use.
func (c *Client) later(response *http.Response) time.Duration {
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return -1
	}
	text := response.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(c.now()))
	}
	return 0
}

func (c *Client) now() time.Time {
	if c.Clock != nil {
		return c.Clock()
	}
	return time.Now()
}
