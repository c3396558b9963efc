package ui

import (
	"errors"
	"testing"
)

// A first clone needs no second terminal: s serves from the console.
func TestServeFromHere(t *testing.T) {
	s := begin(t)
	c := config(s.db)
	busy := true
	c.Serve = func() (string, error) {
		if busy {
			return "", errors.New("all addresses are taken")
		}
		return "127.0.0.1:8080", nil
	}
	d := drive(t, c, 80, 24)
	d.shows("3  Let Git in", "serves from here")
	d.keys("s").shows("all addresses are taken").hides("SERVING")
	busy = false
	d.keys("esc s").shows("SERVING 127.0.0.1:8080", "served until this console ends")
	d.keys("s").shows("this console serves already, at 127.0.0.1:8080")
	d.keys("g p").shows("SERVING 127.0.0.1:8080")

	elsewhere := drive(t, config(begin(t).db), 80, 24)
	elsewhere.keys("s").shows("only a console at the machine itself serves")
	elsewhere.keys("down down enter").shows("only a console at the machine itself serves")
}
