package model

// MaxPage is the most rows that a list gives at once (A30).
const MaxPage = 100

// Page says which part of a list is wanted. The zero Page is the first 20 rows.
type Page struct {
	Limit  int    // rows, 1–MaxPage; 0: 20
	After  string // the Next of the page before: keyset paging
	Offset int    // rows to leave out instead, for REST's ?page= only (A30)
	Count  bool   // also count the rows, up to CountLimit + 1
}

// List is one page of rows.
type List[T any] struct {
	Rows  []T
	Next  string // where the next page starts; empty: this is the last
	Total int    // of all pages, at most CountLimit + 1; -1: not asked for
}
