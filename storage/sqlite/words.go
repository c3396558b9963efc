package sqlite

import (
	"database/sql/driver"
	"strings"

	"modernc.org/sqlite"

	"patrol/storage"
)

// wordsLong is how many characters of a word are looked up: enough to make it
// rare.
const wordsLong = 16

// words is the index of three characters each that FTS5 keeps.
var words = storage.Narrowing{
	Add: `INSERT INTO token_words (rowid, words)
		SELECT t.id, folded(t.name || char(10) || CASE t.kind WHEN 'personal' THEN '' ELSE u.username END)
		FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.id > ? AND t.id <= ?`,
	Find:  `SELECT rowid AS id FROM token_words WHERE token_words MATCH ?`,
	Match: matching,
}

func (e *engine) Narrowing() *storage.Narrowing { return &words }

// folded is a text without case in every script; SQLite's own LIKE knows only
// that of ASCII.
func init() {
	sqlite.MustRegisterDeterministicScalarFunction("folded", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		if text, is := args[0].(string); is {
			return strings.ToLower(text), nil
		}
		return args[0], nil
	})
}

// matching asks the index for words that hold one of the texts; not ok if one is
// too short for it. It may find more: the characters may stand apart.
func matching(texts []string) (match string, ok bool) {
	alternatives := make([]string, len(texts))
	for i, text := range texts {
		runes := []rune(strings.ToLower(text))
		if len(runes) < 3 {
			return "", false
		}
		var all, rare []string
		for at := range runes[:min(len(runes), wordsLong)-2] {
			three := string(runes[at : at+3])
			quoted := `"` + strings.ReplaceAll(three, `"`, `""`) + `"`
			if all = append(all, quoted); !strings.Contains(botWords, three) {
				rare = append(rare, quoted)
			}
		}
		if len(rare) == 0 {
			rare = all
		}
		alternatives[i] = `(` + strings.Join(rare, ` AND `) + `)`
	}
	return strings.Join(alternatives, ` OR `), true
}

// botWords are in the username of nearly every bot (R101): they tell nothing
// where a text has anything else.
const botWords = "project_ group_ _bot_"
