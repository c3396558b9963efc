package storage

import (
	"slices"
	"strings"
	"unicode"

	"patrol/model"
)

// Searching parts of texts. Of tokens there may be a million, so an index leads
// to those that a word can be in. It is filled behind, so that making a token
// doesn't wait for it: what it doesn't know yet is looked at token by token.

const (
	wordsBatch  = 1_000   // tokens that the index takes in at once, which is 15 ms
	wordsBehind = 100_000 // tokens that it may not know, which are read: with more, it is only being made
	wordsFew    = 5_000   // tokens that are quickly put in any order
)

// contains is the condition that one of the columns holds a text somewhere,
// without case, and its arguments.
func contains(text string, columns ...string) (condition string, args []any) {
	if strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		text = strings.ToLower(text)
		columns = slices.Clone(columns)
		for i, column := range columns {
			columns[i] = `{folded}(` + column + `)`
		}
	}
	for range columns {
		args = append(args, like(text))
	}
	const holds = ` {like} ? ESCAPE '\'`
	return `(` + strings.Join(columns, holds+` OR `) + holds + `)`, args
}

// like is a pattern for LIKE … ESCAPE '\' that finds s anywhere.
func like(s string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) + "%"
}

const (
	wordsUpToSQL = `SELECT up_to FROM words_indexed`
	setWordsUpTo = `UPDATE words_indexed SET up_to = ?`
)

// indexWords takes the next tokens into the index, if there are enough of them.
func (t *tx) indexWords() (more bool, err error) {
	words := t.db.engine.Narrowing()
	if words == nil {
		return false, nil
	}
	upTo, last, err := t.indexed()
	if err != nil || last-upTo < wordsBatch {
		return false, err
	}
	next := min(upTo+wordsBatch, last)
	if err := t.exec(words.Add, upTo, next); err != nil {
		return false, err
	}
	return last-next >= wordsBatch, t.exec(setWordsUpTo, next)
}

// indexed tells the last token that the index knows, and the last one.
func (t *tx) indexed() (upTo, last int64, err error) {
	if upTo, err = t.int(wordsUpToSQL); err == nil {
		last, err = t.int(lastIDSQL, "tokens")
	}
	return upTo, last, err
}

// narrowToWords adds where tokens can be found of which a word holds one of the
// texts, to conditions that say so exactly: places tells whether the paths of
// their projects and groups count as words. If they are too many to be put in
// order, looking at one after the other in that order soon finds a page of them.
func (t *tx) narrowToWords(w *where, texts []string, places bool) error {
	words := t.db.engine.Narrowing()
	if words == nil {
		return nil
	}
	match, usable := words.Match(texts)
	if !usable {
		return nil
	}
	upTo, last, err := t.indexed()
	if err != nil || last-upTo > wordsBehind {
		return err
	}
	var holds []string
	args := []any{match, upTo}
	for _, text := range texts {
		condition, patterns := contains(text, `t.name`, `u.username`)
		holds, args = append(holds, condition), append(args, patterns...)
	}
	named := words.Find + ` UNION ALL
		SELECT t.id FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.id > ? AND (` + strings.Join(holds, ` OR `) + `)`
	found, few, err := t.fewIDs(named, args)
	if err != nil {
		return err
	}
	if places {
		placed, fewPlaced, err := t.fewIDs(inPlacesOf(texts, `project_id`, `group_id`))
		if err != nil || !fewPlaced || !few && len(placed) > 0 {
			return err
		}
		found = append(found, placed...)
	}
	if !few {
		w.among, w.amongArgs = named, args
		return nil
	}
	w.oneOf(`t.id`, found)
	return nil
}

// narrowToProjects adds the tokens of projects whose path holds one of the texts,
// if they are few.
func (t *tx) narrowToProjects(w *where, texts []string) error {
	found, few, err := t.fewIDs(inPlacesOf(texts, `project_id`))
	if err == nil && few {
		w.oneOf(`t.id`, found)
	}
	return err
}

// narrowToPublished adds the tokens whose secrets were published, if they are few:
// in whatever order a page is asked for, an index of the order would lead past
// all the others.
func (t *tx) narrowToPublished(w *where) error {
	found, few, err := t.fewIDs(`SELECT id FROM tokens WHERE published_at IS NOT NULL`, nil)
	if err == nil && few {
		w.oneOf(`t.id`, found)
	}
	return err
}

// fewIDs are the numbers that a query gives, unless they are more than wordsFew.
func (t *tx) fewIDs(query string, args []any) (ids []int64, few bool, err error) {
	ids, err = t.ids(query+` LIMIT ?`, append(slices.Clone(args), wordsFew+1)...)
	return ids, len(ids) <= wordsFew, err
}

// inPlacesOf are the tokens of projects or groups whose path holds one of the
// texts.
func inPlacesOf(texts []string, columns ...string) (ids string, args []any) {
	var of []string
	for _, column := range columns {
		var fits []string
		for _, text := range texts {
			condition, pattern := contains(text, `path`)
			fits, args = append(fits, condition), append(args, pattern...)
		}
		of = append(of, `SELECT id FROM tokens WHERE `+column+` IN (SELECT `+column+` FROM routes WHERE `+column+` IS NOT NULL AND (`+strings.Join(fits, ` OR `)+`))`)
	}
	return strings.Join(of, ` UNION ALL `), args
}

// texts are the values of a filter's word.
func texts(values []model.Value) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = v.Text
	}
	return list
}
