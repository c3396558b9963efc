package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const bodyLimit = 1 << 20 // bytes of a REST body (A2)

// params are a request's parameters by name: string, bool, json.Number, nil,
// []any or map[string]any. Those of the body beat those of the query (A2).
type params map[string]any

// readParams reads query and body. What it could read it has noted also when it
// fails: credentials may be among it, and they are judged first (A20).
func (c *call) readParams() error {
	if c.R.URL.RawQuery != "" {
		c.params = formParams(c.R.URL.Query())
	}
	if c.R.Body == nil || c.R.Body == http.NoBody || c.isUpload() {
		return nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.W, c.R.Body, bodyLimit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return message(http.StatusRequestEntityTooLarge, "413 Request Entity Too Large")
	case err != nil:
		return wrong(http.StatusBadRequest, "The body could not be read to its end")
	}
	c.BodyRead()
	if c.R.Header.Get("Content-Encoding") != "" {
		return wrong(http.StatusUnsupportedMediaType, "The content encoding of the body is not supported")
	}
	more, err := bodyParams(c.R.Header.Get("Content-Type"), body)
	if c.params == nil {
		c.params = more
	}
	for key, value := range more {
		c.params[key] = value
	}
	return err
}

// bodyParams reads a body of one of the three types; without a type it is taken
// for JSON. An empty one has no parameters.
func bodyParams(contentType string, body []byte) (params, error) {
	if len(body) == 0 {
		return nil, nil
	}
	kind, options, err := mime.ParseMediaType(contentType)
	if contentType == "" {
		kind, err = "application/json", nil
	}
	switch {
	case err == nil && kind == "application/json":
		return jsonParams(body)
	case err == nil && kind == "application/x-www-form-urlencoded":
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, wrong(http.StatusBadRequest, "Problems parsing the form")
		}
		return formParams(values), nil
	case err == nil && kind == "multipart/form-data":
		return multipartParams(body, options["boundary"])
	}
	return nil, wrong(http.StatusUnsupportedMediaType,
		"The provided content-type is not supported: use application/json, application/x-www-form-urlencoded or multipart/form-data")
}

func jsonParams(body []byte) (params, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var p params
	if d.Decode(&p) != nil {
		return nil, wrong(http.StatusBadRequest, "Problems parsing JSON")
	}
	if _, err := d.Token(); err != io.EOF { // something after it
		return nil, wrong(http.StatusBadRequest, "Problems parsing JSON")
	}
	return p, nil
}

func multipartParams(body []byte, boundary string) (params, error) {
	values := url.Values{}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return formParams(values), nil
		}
		if err != nil {
			return nil, wrong(http.StatusBadRequest, "Problems parsing the form")
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return nil, wrong(http.StatusBadRequest, "Problems parsing the form")
		}
		if part.FileName() == "" && part.FormName() != "" {
			values.Add(part.FormName(), string(text))
		}
	}
}

// formParams reads names as Rails does: a[]=x and a[0]=x make the list a, what
// else stands in brackets makes it a hash. Of several plain ones the last counts.
func formParams(values url.Values) params {
	p := make(params, len(values))
	for key, texts := range values {
		if len(texts) > 0 && !strings.Contains(key, "[") {
			p[key] = texts[len(texts)-1]
		}
	}
	for name, list := range formLists(values) {
		p[name] = list
	}
	return p
}

// formLists gathers the names with brackets. A list's numbered elements come
// after those without a number, in the order of their numbers.
func formLists(values url.Values) map[string]any {
	type element struct {
		at    int
		value any
	}
	gathered := map[string][]element{}
	lists := map[string]any{}
	for key, texts := range values {
		name, index, found := strings.Cut(key, "[")
		if !found {
			continue
		}
		index, closed := strings.CutSuffix(index, "]")
		at, err := -1, error(nil)
		if index != "" {
			at, err = strconv.Atoi(index)
		}
		if !closed || err != nil {
			lists[name] = map[string]any{}
			continue
		}
		for _, text := range texts {
			gathered[name] = append(gathered[name], element{at, text})
		}
	}
	for name, elements := range gathered {
		if lists[name] != nil { // a hash as well
			continue
		}
		slices.SortStableFunc(elements, func(a, b element) int { return a.at - b.at })
		list := make([]any, len(elements))
		for i, e := range elements {
			list[i] = e.value
		}
		lists[name] = list
	}
	return lists
}
