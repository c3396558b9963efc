package model

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// Question is something that a token may be let do or not: what explain asks.
type Question struct {
	Text   string // as written: "git push acme/web"
	Access Access
	Action Action
	In     Ref // zero: the token's own place, or none

	Own     bool   // In is the token's own place
	Number  int64  // of the token, member or issue in it that is aimed at; 0: none
	Cluster string // of Kubernetes, which says what In is
}

// ErrQuestion is the error of ParseQuestion for what is no question at all. Like
// the others it doesn't repeat what was written, which may hold a secret.
var ErrQuestion = errors.New("ask one of: METHOD /api/v4/PATH, git fetch|push PATH, registry pull|push NAME, auth METHOD [PROJECT], k8s CLUSTER, ai")

// ParseQuestion reads what explain is asked about, as words or as one text: a
// request of REST such as GET /api/v4/projects/1, or one of `git fetch|push
// PATH`, `registry pull|push NAME`, `auth METHOD [PROJECT]`, `k8s CLUSTER`, `ai`.
// What stands behind a question mark in an address is dropped.
func ParseQuestion(words []string) (Question, error) {
	words = strings.Fields(strings.Join(words, " "))
	if len(words) == 0 || !ValidText(strings.Join(words, " ")) {
		return Question{}, ErrQuestion
	}
	parse := questions[words[0]]
	if parse == nil {
		parse = restQuestion
	}
	return parse(words)
}

// questions are the parsers by the first word; any other word is a method.
var questions = map[string]func(words []string) (Question, error){
	"git": gitQuestion, "registry": registryQuestion, "auth": authQuestion, "k8s": clusterQuestion, "ai": aiQuestion,
}

func gitQuestion(words []string) (Question, error) {
	q := Question{Access: GitFetch, Action: ReadCode}
	if len(words) != 3 || words[1] != "fetch" && words[1] != "push" {
		return q, errors.New("write git fetch PATH or git push PATH, such as git push acme/web")
	}
	if words[1] == "push" {
		q.Access, q.Action = GitPush, PushCode
	}
	path := strings.TrimSuffix(strings.Trim(words[2], "/"), ".git")
	if path == "" {
		return q, errors.New("git fetch and git push need a project's path, such as acme/web")
	}
	q.In = Ref{Kind: ProjectPlace, Path: path} // digits are a path here, not a number
	q.Text = strings.Join(words, " ")
	return q, nil
}

// imageName is the grammar of registries (G56).
var imageName = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)

func registryQuestion(words []string) (Question, error) {
	q := Question{Access: RegistryPull, Action: PullPackage}
	if len(words) != 3 || words[1] != "pull" && words[1] != "push" {
		return q, errors.New("write registry pull NAME or registry push NAME, such as registry pull acme/web")
	}
	if words[1] == "push" {
		q.Access, q.Action = RegistryPush, PushPackage
	}
	name := words[2]
	if end := strings.IndexAny(name, ":@"); end >= 0 { // a tag or digest decides nothing
		name = name[:end]
	}
	if !imageName.MatchString(name) {
		return q, errors.New("that is not the name of an image: write small letters, digits and . _ - with / between the parts")
	}
	q.In = Ref{Kind: ProjectPlace, Path: name}
	q.Text = strings.Join(words, " ")
	return q, nil
}

var methodName = regexp.MustCompile(`^[A-Za-z]{1,20}$`)

// IsMethod tells whether text is the method of a request, as questions name it.
func IsMethod(text string) bool { return methodName.MatchString(text) }

// authQuestion is what a proxy asks before it lets a request through to a site,
// with nothing but the project in its address (G91, G92).
func authQuestion(words []string) (Question, error) {
	if len(words) != 2 && len(words) != 3 || !IsMethod(words[1]) {
		return Question{}, errors.New("write auth METHOD or auth METHOD PROJECT, such as auth GET acme/web")
	}
	q := Question{Access: RESTWrite, Action: WriteSite, Own: true}
	words[1] = strings.ToUpper(words[1])
	switch words[1] {
	case "GET", "HEAD", "OPTIONS":
		q.Access, q.Action = RESTRead, ReadSite
	}
	if len(words) == 3 {
		q.Own, q.In = false, Ref{Kind: ProjectPlace, Path: words[2]}
	}
	q.Text = strings.Join(words, " ")
	return q, nil
}

func clusterQuestion(words []string) (Question, error) {
	if len(words) != 2 {
		return Question{}, errors.New("write k8s CLUSTER, such as k8s 3")
	}
	return Question{Text: strings.Join(words, " "), Access: KubernetesGateway, Action: PushPackage, Cluster: words[1]}, nil
}

func aiQuestion(words []string) (Question, error) {
	if len(words) != 1 {
		return Question{}, errors.New("write ai and nothing behind it")
	}
	return Question{Text: "ai", Access: AIGateway}, nil
}

const restRoot = "/api/v4/"

func restQuestion(words []string) (Question, error) {
	if len(words) != 2 || !IsMethod(words[0]) || !strings.HasPrefix(words[1], "/") {
		return Question{}, ErrQuestion
	}
	method := strings.ToUpper(words[0])
	path, _, _ := strings.Cut(words[1], "?")
	path, _, _ = strings.Cut(path, "#")
	below, ok := strings.CutPrefix(path, restRoot)
	if !ok {
		return Question{}, errors.New("REST's addresses begin with " + restRoot + "; for a repository ask git fetch PATH or git push PATH")
	}
	parts := strings.Split(strings.TrimSuffix(below, "/"), "/")
	e, methods := Match(method, parts)
	switch {
	case methods == nil:
		return Question{}, errors.New("REST has no such address")
	case e == nil:
		return Question{}, errors.New("this address answers " + strings.Join(methods, ", ") + " only")
	case e.Action == NoAction && e.Method != "GET":
		return Question{}, errors.New("what this request may do depends on more than its address: ask about the project or group that it is for")
	}
	q := Question{Text: method + " " + path, Access: e.Access, Action: e.Action}
	return q, q.aim(e, parts)
}

// aim reads the parts of a path that stand for something.
func (q *Question) aim(e *Endpoint, parts []string) error {
	i := -1
	for name := range strings.SplitSeq(e.Route[1:], "/") {
		i++
		if name[0] != ':' {
			continue
		}
		text, err := url.PathUnescape(parts[i])
		switch {
		case err != nil || !ValidText(text):
			return errors.New("the address is not well-formed")
		case name == ":id" && e.Place == GroupPlace:
			q.In = GroupRef(text)
		case name == ":id" && e.Place == ProjectPlace:
			q.In = ProjectRef(text)
		default:
			q.Number, _ = ParseID(text) // no number is the number of nothing
		}
	}
	return nil
}
