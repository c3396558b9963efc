package sqlite

import "strings"

// dialect are the words that stand in braces in a statement.
var dialect = strings.NewReplacer(
	`{like}`, `LIKE`, // without case, in ASCII
	`{folded}`, `folded`, // a function: the text without case in every script
	`{nocase}`, ``, `{/nocase}`, ` COLLATE NOCASE`, // around a column that is put in order without case
	`{greatest}`, `max`, // a function of several values
	`{lead join}`, `CROSS JOIN`, // the table before it is read first
	`{indexed by tokens_live}`, `INDEXED BY tokens_live`,
	`{unindexed}`, `+`, // before a column by which no index is to be chosen
	`{in list}`, `IN (SELECT value FROM json_each(?))`, // a JSON list of numbers
	`{list}`, `json_each(?)`, // the same as a table with the column value
	`{or fail}`, `OR FAIL`, // what was inserted before stays: the statement needs no journal of its own
	`{temp}`, `temp`, `{main}`, `main`, // the schemas of what a connection makes for itself, and of all else
	`{milliseconds}`, `1000 * unixepoch`, // a function of a date
	`{numbers}`, `(SELECT name, seq AS last FROM sqlite_sequence)`, // the last number given, by table
	`{indexes}`, `(SELECT name, sql, tbl_name AS indexed FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL)`, // and what makes them
	`{may write}`, `PRAGMA query_only = 0`, // for a reader's own tables
	`{may not write}`, `PRAGMA query_only = 1`,
)

func (e *engine) SQL(statement string) string { return dialect.Replace(statement) }
