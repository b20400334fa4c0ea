package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// fresh returns an error if header shows a copy older than limit (RFC 9111: Age,
// and Date for caches that do not send it). An answer with neither is new.
func (c *Client) fresh(header http.Header, limit time.Duration) error {
	age := time.Duration(0)
	if text := header.Get("Age"); text != "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return fmt.Errorf("invalid header Age %q: must be a number of seconds", text)
		}
		age = time.Duration(seconds) * time.Second
	}
	if made, err := http.ParseTime(header.Get("Date")); err == nil {
		age = max(age, c.now().Sub(made))
	}
	if age > limit {
		return fmt.Errorf("the answer is %s old, and max_age is %s", age.Round(time.Second), limit)
	}
	return nil
}

func (c *Client) now() time.Time {
	if c.Clock != nil {
		return c.Clock()
	}
	return time.Now()
}
