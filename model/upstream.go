package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
)

// AIUpstream is where the AI gateway sends requests on to: the setting
// ai_upstream (G80).
type AIUpstream struct {
	URL     string `json:"url"`
	KeyFile string `json:"key_file"` // holds the upstream's own token; empty: none is shown
}

// Cluster is one of the setting k8s_upstreams (G81).
type Cluster struct {
	ID        int64  `json:"id"`
	Project   string `json:"project"` // whose members may reach it: number or full path
	URL       string `json:"url"`
	CAFile    string `json:"ca_file"`    // that its certificate is checked with; empty: the system's
	TokenFile string `json:"token_file"` // holds the token that it is shown; empty: none
	AccessAs  string `json:"access_as"`  // AccessAsCluster or AccessAsUser
}

// Whom a cluster takes requests for.
const (
	AccessAsCluster = "cluster" // the token's own account, for everybody
	AccessAsUser    = "user"    // the user and his roles, by impersonation
)

// ParseAIUpstream reads the setting ai_upstream; nil: none is set.
func ParseAIUpstream(text string) (*AIUpstream, error) {
	if text == "" {
		return nil, nil
	}
	u := &AIUpstream{}
	if err := strictJSON(text, u); err != nil {
		return nil, err
	}
	return u, checkUpstream(u.URL, u.KeyFile)
}

// ParseClusters reads the setting k8s_upstreams.
func ParseClusters(text string) (list []Cluster, err error) {
	if text == "" {
		return nil, nil
	}
	if err := strictJSON(text, &list); err != nil {
		return nil, err
	}
	var ids []int64
	for i, c := range list {
		switch {
		case c.ID <= 0 || slices.Contains(ids, c.ID):
			err = errors.New("each id must be a positive number of its own")
		case c.Project == "":
			err = errors.New("project must be a number or a full path")
		case c.AccessAs == "":
			list[i].AccessAs = AccessAsCluster
		case c.AccessAs != AccessAsCluster && c.AccessAs != AccessAsUser:
			err = errors.New("access_as must be cluster or user")
		}
		if err == nil {
			err = checkUpstream(c.URL, c.CAFile, c.TokenFile)
		}
		if err != nil {
			return nil, fmt.Errorf("cluster %d: %w", i+1, err)
		}
		ids = append(ids, c.ID)
	}
	return list, nil
}

// ClusterNamed finds a cluster by its number, as clients write it.
func ClusterNamed(list []Cluster, name string) (c Cluster, ok bool) {
	i := slices.IndexFunc(list, func(c Cluster) bool { return strconv.FormatInt(c.ID, 10) == name })
	if i < 0 {
		return c, false
	}
	return list[i], true
}

// Ref is the project whose members may reach the cluster.
func (c Cluster) Ref() Ref { return ProjectRef(c.Project) }

func strictJSON(text string, into any) error {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("must be JSON such as the documentation shows: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("must be one JSON value and nothing behind it")
	}
	return nil
}

func checkUpstream(address string, files ...string) error {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("url must be an http or https URL without credentials, query or fragment")
	}
	for _, file := range files {
		if file != "" && !filepath.IsAbs(file) {
			return errors.New("files must be named by their full paths")
		}
	}
	return nil
}
