package model

// The windows of R96: how many days are left at most when a notice is given.
const (
	NoticeEarly   = 60
	NoticeSoon    = 30
	NoticeLast    = 7
	NoticeExpired = -1 // the token has expired
)

// NoticeDue is the window whose notice is due today for a token that was made
// and expires on those days; 0: none is (R96). Made inside a window, it skips
// that window's notice; the last one is never skipped, but never on the day
// that the token was made. That it has expired is said the day after.
func NoticeDue(made, expires, today Date) (window int) {
	left, given := expires-today, expires-made
	switch {
	case left < 0:
		return NoticeExpired
	case left <= NoticeLast && today > made:
		return NoticeLast
	case left > NoticeLast && left <= NoticeSoon && given > NoticeSoon:
		return NoticeSoon
	case left > NoticeSoon && left <= NoticeEarly && given > NoticeEarly:
		return NoticeEarly
	}
	return 0
}
