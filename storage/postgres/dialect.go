package postgres

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// dialect are the words that stand in braces in a statement.
var dialect = strings.NewReplacer(
	`{like}`, `ILIKE`,
	`{folded}`, `patrol.folded`, // a function: the text without case in every script
	`{nocase}`, `lower(`, `{/nocase}`, `)`,
	`{greatest}`, `greatest`,
	`{lead join}`, `JOIN`, // the planner knows
	`{indexed by tokens_live}`, ``,
	`{unindexed}`, ``,
	`{in list}`, `= ANY (ARRAY(SELECT value::bigint FROM json_array_elements_text(?::json)))`,
	`{list}`, `(SELECT value::bigint FROM json_array_elements_text(?::json))`,
	`{or fail}`, ``,
	`{temp}`, `pg_temp`, `{main}`, `patrol`,
	`{milliseconds}`, `patrol.milliseconds`,
	`{numbers}`, `(SELECT left(sequencename, -7) AS name, coalesce(last_value, 0) AS last FROM pg_sequences WHERE schemaname = 'patrol' AND sequencename LIKE '%\_id\_seq')`,
	`{indexes}`, `(SELECT indexname AS name, indexdef AS sql, tablename AS indexed FROM pg_indexes WHERE schemaname = 'patrol')`,
	`{may write}`, `SET default_transaction_read_only = off`, `{may not write}`, `SET default_transaction_read_only = on`,
)

func (e *engine) SQL(statement string) string { return numbered(dialect.Replace(statement)) }

// Values: a text of PostgreSQL's holds neither a byte 0 nor anything but UTF-8. What
// people write into an address may: it then finds nothing, as with SQLite.
func (e *engine) Values(list []any) []any {
	for i, value := range list {
		if text, is := value.(string); is && (strings.ContainsRune(text, 0) || !utf8.ValidString(text)) {
			list[i] = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
		}
	}
	return list
}

// numbered gives the marks for values numbers as SQLite does: ?2 is the second
// value, and ? the one after the greatest so far.
func numbered(statement string) string {
	var b strings.Builder
	greatest, quote := 0, byte(0)
	for i := 0; i < len(statement); i++ {
		c := statement[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '?':
			end := i + 1
			for end < len(statement) && statement[end] >= '0' && statement[end] <= '9' {
				end++
			}
			number, err := strconv.Atoi(statement[i+1 : end])
			if err != nil { // none stands there
				number = greatest + 1
			}
			greatest = max(greatest, number)
			b.WriteString("$" + strconv.Itoa(number))
			i = end - 1
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
