package model

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

var testPrefixes = [][]byte{[]byte("glpat-"), []byte("gl"), []byte("ac/me=")}

// scanned are all texts that a Scanner gives, sorted.
func scanned(t *testing.T, text string) (secrets, requests []string) {
	t.Helper()
	s := &Scanner{Prefixes: testPrefixes,
		Secret:  func(b []byte) error { secrets = append(secrets, string(b)); return nil },
		Request: func(b []byte) error { requests = append(requests, string(b)); return nil }}
	if err := s.Read(context.Background(), iotest.HalfReader(strings.NewReader(text))); err != nil {
		t.Fatal(err)
	}
	slices.Sort(secrets)
	slices.Sort(requests)
	return secrets, requests
}

var (
	pieceText   = regexp.MustCompile(`[A-Za-z0-9_+=/@:.-]+`)
	secretText  = regexp.MustCompile(`^[A-Za-z0-9_-]{20}$`)
	requestText = regexp.MustCompile(`^[0-9a-f]{16}-[0-9a-z]{1,13}$`)
	wordText    = regexp.MustCompile(`[0-9A-Za-z]`)
)

// naively is R146 read word for word.
func naively(text string) (secrets, requests []string) {
	for _, piece := range pieceText.FindAllString(text, -1) {
		found := map[string]bool{}
		for i := range piece {
			for _, p := range testPrefixes {
				end := i + len(p) + 20
				if strings.HasPrefix(piece[i:], string(p)) && end <= len(piece) && secretText.MatchString(piece[i+len(p):end]) {
					secrets = append(secrets, piece[i:end])
					found[piece[i:end]] = true
				}
			}
			for end := i + 18; end <= min(len(piece), i+30); end++ {
				if requestText.MatchString(piece[i:end]) && (i == 0 || !wordText.MatchString(piece[i-1:i])) &&
					(end == len(piece) || !wordText.MatchString(piece[end:end+1])) {
					requests = append(requests, piece[i:end])
				}
			}
		}
		if 20 <= len(piece) && len(piece) <= 512 && !found[piece] {
			secrets = append(secrets, piece)
		}
	}
	slices.Sort(secrets)
	slices.Sort(requests)
	return secrets, requests
}

func compareScan(t *testing.T, text string) {
	t.Helper()
	secrets, requests := scanned(t, text)
	wantSecrets, wantRequests := naively(text)
	if !slices.Equal(secrets, wantSecrets) || !slices.Equal(requests, wantRequests) {
		t.Errorf("%.200q (%d bytes)\n  found %.500q %q\n  want  %.500q %q", text, len(text), secrets, requests, wantSecrets, wantRequests)
	}
}

const scanSecret = "abcdefghijKLMNOP-_90"

// R146: in every kind of text where secrets stand, and in what only looks so.
func TestScan(t *testing.T) {
	for _, text := range []string{
		"", " ", "\n\n", "x", "glpat-" + scanSecret, "glpat-" + scanSecret + "\n", "glpat-" + scanSecret[:19],
		`{"token":"glpat-` + scanSecret + `","time":"2026-11-24T04:40:25Z"}`,
		"https://any:glpat-" + scanSecret + "@example.org/acme/web.git", "GITLAB_TOKEN=glpat-" + scanSecret + " ./deploy",
		"curl -H 'PRIVATE-TOKEN: glpat-" + scanSecret + "' \\", "?private_token=glpat-" + scanSecret + "&x", "nglpat-" + scanSecret + "x",
		"glglpat-glpat-" + scanSecret + scanSecret, "glglglglglglglglglglglglglglgl", "ac/me=" + scanSecret, "ac/me=ac/me=" + scanSecret + "=", "ac/me",
		strings.Repeat("a", 511) + " " + strings.Repeat("b", 512) + " " + strings.Repeat("c", 513) + " " + strings.Repeat("d", 19) + " " + strings.Repeat("e", 20),
		"0123456789abcdef-1", "id=0123456789abcdef-1z9 x", "00123456789abcdef-1", "0123456789abcdef-", "0123456789abcdef-1Z", "0123456789abcdef-12345678901234",
		"0123456789abcdef-0123456789abcdef-1", "-0123456789abcdef-1-", "2026-11-24T04:40:25.000Z 5f0c81d09a3be647-d2.",
		"glpat-abcdefghij\nKLMNOP-_90", "glpat-abcdefghij KLMNOP-_90", "glpat-abc\x00defghijKLMNOP-_90", "\xff\xfeglpat-" + scanSecret + "\xc3", "gl\u2028pat-" + scanSecret,
	} {
		compareScan(t, text)
		compareScan(t, "x "+text+" "+text+"\ty")
	}
}

// R146: wherever the buffer ends: in a text of words, and in one without any cut.
func TestScanAcrossBuffers(t *testing.T) {
	words := strings.Repeat("a log line of 2026\n", scanBuffer/19+1)
	for _, filler := range []string{words, strings.Repeat("x", scanBuffer), strings.Repeat(":", 3*scanBuffer)} {
		for before := len(filler) - 70; before <= len(filler); before++ {
			text := filler[:before] + "glpat-" + scanSecret + "@ 0123456789abcdef-1 " + scanSecret
			secrets, requests := scanned(t, text)
			if n := timesIn(secrets, "glpat-"+scanSecret); n != 1 {
				t.Fatalf("a secret after %d bytes was found %d times", before, n)
			}
			if len(requests) != 1 || timesIn(secrets, scanSecret) != 1 {
				t.Fatalf("after %d bytes: %q", before, requests)
			}
		}
	}
	compareScan(t, words+words[:100])
	compareScan(t, strings.Repeat(strings.Repeat("y", 600)+" ", 1000))
}

func timesIn(list []string, s string) (n int) {
	for _, x := range list {
		if x == s {
			n++
		}
	}
	return n
}

// A text made to be slow, and one that ends in an error.
func TestScanHostile(t *testing.T) {
	for _, text := range []string{strings.Repeat("g", 1<<20), strings.Repeat("gl", 1<<19), strings.Repeat("0123456789abcdef-", 1<<16), strings.Repeat("-", 1<<20)} {
		secrets, _ := scanned(t, text)
		for _, s := range secrets {
			if len(s) > 512 {
				t.Fatalf("%d bytes are no secret", len(s))
			}
		}
	}
	s := &Scanner{Secret: func([]byte) error { return nil }, Request: func([]byte) error { return nil }}
	if err := s.Read(t.Context(), iotest.TimeoutReader(bytes.NewReader(make([]byte, 1<<20)))); err == nil {
		t.Error("the reader's error is lost")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Read(gone, strings.NewReader("x")); err == nil {
		t.Error("nobody waits for it, but it goes on")
	}
	failing := fmt.Errorf("no")
	s.Secret = func([]byte) error { return failing }
	if err := s.Read(t.Context(), strings.NewReader(scanSecret)); err != failing {
		t.Error(err)
	}
}

// The scanner finds what R146 says, read word for word.
func FuzzScan(f *testing.F) {
	for _, s := range []string{"glpat-" + scanSecret, "id=0123456789abcdef-1z", "https://u:gl" + scanSecret + "@h/p", "ac/me=ac/me=" + scanSecret + scanSecret, "a b\tc\xff" + scanSecret} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { compareScan(t, s) })
}
