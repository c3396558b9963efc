package postgres

import (
	"encoding/json"
	"strings"

	"patrol/storage"
)

// words is the index of three characters each that pg_trgm keeps.
var words = storage.Narrowing{
	Add: `INSERT INTO token_words (rowid, words)
		SELECT t.id, folded(t.name || chr(10) || CASE t.kind WHEN 'personal' THEN '' ELSE u.username::text END)
		FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.id > ? AND t.id <= ?`,
	Find:  `SELECT rowid AS id FROM token_words WHERE words LIKE ANY (ARRAY(SELECT json_array_elements_text(?::json)))`,
	Match: matching,
}

func (e *engine) Narrowing() *storage.Narrowing { return &words }

// matching asks the index for words that hold one of the texts; not usable if one
// is too short for it.
func matching(texts []string) (match string, usable bool) {
	patterns := make([]string, len(texts))
	for i, text := range texts {
		text = strings.ToLower(text)
		if len([]rune(text)) < 3 || strings.ContainsRune(text, 0) { // JSON's \u0000 is none of PostgreSQL's
			return "", false
		}
		patterns[i] = "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
	}
	list, err := json.Marshal(patterns)
	if err != nil {
		panic(err) // texts only
	}
	return string(list), true
}
