package print

import (
	"fmt"
	"time"
)

// Instant is t for people: weekday, date, time and the zone's offset. Seconds
// are shown only if there are any.
func Instant(t time.Time) string {
	if t.IsZero() {
		return "an unknown instant"
	}
	if t.Second() != 0 {
		return t.Format("Mon 2006-01-02 15:04:05 -07:00")
	}
	return t.Format("Mon 2006-01-02 15:04 -07:00")
}

// Opening is t with how long it is from now, rounded up: who waits that long is
// not too early.
func Opening(now, t time.Time) string {
	wait := t.Sub(now)
	if now.IsZero() || wait <= 0 {
		return Instant(t)
	}
	rounded := wait.Truncate(unitOf(wait))
	if rounded < wait {
		rounded += unitOf(wait)
	}
	return fmt.Sprintf("%s (in %s)", Instant(t), Span(rounded))
}

// Closing is t with how long is left, rounded down: who is done by then is in
// time.
func Closing(now, t time.Time) string {
	left := t.Sub(now)
	if now.IsZero() || left <= 0 {
		return Instant(t)
	}
	return fmt.Sprintf("%s (%s left)", Instant(t), Span(left.Truncate(unitOf(left))))
}

// unitOf is how exactly a duration is shown.
func unitOf(d time.Duration) time.Duration {
	switch {
	case d > 24*time.Hour:
		return time.Hour
	case d < time.Minute:
		return time.Second
	}
	return time.Minute
}

// Span is a duration in its two largest units: 3d4h, 2h40m, 19m, 45s. A day is
// 24 hours.
func Span(d time.Duration) string {
	days, hours := int(d/(24*time.Hour)), int(d/time.Hour)%24
	minutes, seconds := int(d/time.Minute)%60, int(d/time.Second)%60
	switch {
	case days > 0 && hours > 0:
		return fmt.Sprintf("%dd%dh", days, hours)
	case days > 0:
		return fmt.Sprintf("%dd", days)
	case hours > 0 && minutes > 0:
		return fmt.Sprintf("%dh%dm", hours, minutes)
	case hours > 0:
		return fmt.Sprintf("%dh", hours)
	case minutes > 0:
		return fmt.Sprintf("%dm", minutes)
	}
	return fmt.Sprintf("%ds", seconds)
}

// Minute is t in UTC, to the minute.
func Minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
