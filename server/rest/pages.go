package rest

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"patrol/model"
	"patrol/server/door"
)

const defaultPage = 20

// lastRow is how far pages by number reach in a list that can be had by id as
// well: each costs all the rows before it. GitLab's limit is the same.
const lastRow = 50_000

// paging is the part of a list that a request wants (A30, A34).
type paging struct {
	model.Page
	number int // of the page; 0: keyset
}

// page reads A30's parameters. A list whose rows have a name can be had by id
// with a cursor as well (A34).
func (f *form) page(rows string) (p paging) {
	p.Limit = f.perPage()
	if kind, ok := f.text("pagination"); ok && kind == "keyset" {
		f.cursor(&p, rows != "")
		return p
	}
	n, _ := f.number("page")
	p.number = min(max(n, 1), math.MaxInt32) // that is past every end
	p.Offset = (p.number - 1) * p.Limit
	if rows != "" && p.Offset+p.Limit > lastRow {
		f.refused = wrong(http.StatusMethodNotAllowed, fmt.Sprintf("Offset pagination has a maximum allowed offset of %d for requests "+
			"that return objects of type %s. Remaining records can be retrieved using keyset pagination.", lastRow, rows))
	}
	p.Count = true
	return p
}

func (f *form) perPage() int {
	n, ok := f.number("per_page")
	switch {
	case ok && n == 0:
		f.wrongs = append(f.wrongs, "per_page has a value not allowed")
		return defaultPage
	case !ok || n < 0:
		return defaultPage
	}
	return min(n, model.MaxPage)
}

func (f *form) cursor(p *paging, keyset bool) {
	order, ok := f.text("order_by")
	if !keyset || ok && order != "id" {
		f.refused = wrong(http.StatusMethodNotAllowed, "Keyset pagination is not yet available for this type of request")
	}
	p.After, _ = f.text("cursor")
}

// keyset tells whether a cursor leads through the list, by id.
func (p paging) keyset() bool { return p.number == 0 }

// descending reads the direction of a list; otherwise is the one without it.
func (f *form) descending(otherwise bool) bool {
	if asked := f.oneOf("sort", "asc", "desc"); asked != "" {
		return asked == "desc"
	}
	return otherwise
}

// pageHeaders are A31's and A34's.
func (c *call) pageHeaders(p paging, next string, total int) {
	if p.keyset() {
		if next != "" {
			c.W.Header()["Link"] = []string{c.pageLink("next", "cursor", next)}
		}
		return
	}
	h := c.W.Header()
	set := func(name string, n int) { h[name] = []string{strconv.Itoa(n)} }
	set("X-Page", p.number)
	set("X-Per-Page", p.Limit)
	h["X-Next-Page"], h["X-Prev-Page"] = []string{""}, []string{""}
	var links []string
	link := func(rel string, n int) {
		links = append(links, c.pageLink(rel, "page", strconv.Itoa(n), "per_page", strconv.Itoa(p.Limit)))
	}
	if p.number > 1 {
		set("X-Prev-Page", p.number-1)
		link("prev", p.number-1)
	}
	if next != "" {
		set("X-Next-Page", p.number+1)
		link("next", p.number+1)
	}
	link("first", 1)
	if total <= model.CountLimit { // A33
		pages := max((total+p.Limit-1)/p.Limit, 1)
		set("X-Total", total)
		set("X-Total-Pages", pages)
		link("last", pages)
	}
	h["Link"] = []string{strings.Join(links, ", ")}
}

// pageLink is the request's own address with all its parameters, those of the
// body too, and some of them set; never with a secret in it (A32).
func (c *call) pageLink(rel string, set ...string) string {
	query := url.Values{}
	for key, value := range c.params {
		switch v := value.(type) {
		case []any:
			for _, element := range v {
				query.Add(key+"[]", fmt.Sprint(element))
			}
		case string, bool, json.Number:
			query.Set(key, fmt.Sprint(v))
		}
	}
	query.Del(door.SecretParam)
	query.Del("private_token[]")
	for i := 0; i < len(set); i += 2 {
		query.Set(set[i], set[i+1])
	}
	base := c.Base()
	return "<" + base.Scheme + "://" + base.Host + base.EscapedPath() + c.Path + "?" + query.Encode() + `>; rel="` + rel + `"`
}
