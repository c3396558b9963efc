package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"patrol/model"
	"patrol/server"
)

func (a *app) registryCommand() *cobra.Command {
	return parent("registry", "What a container registry needs to trust Patrol",
		a.leaf("config", "Print the lines for a container registry's configuration", cobra.NoArgs,
			func(s *session, _ []string) error { return s.registryConfig() }))
}

// registryConfig are the lines of a distribution registry's configuration.
type registryConfig struct {
	Realm       string `json:"realm"`
	Service     string `json:"service"`
	Issuer      string `json:"issuer"`
	Certificate string `json:"rootcertbundle"`
}

// registryCertificate is the file that registries check tokens with, beside the
// key, for whoever may read that folder.
const registryCertificate = "registry_cert.pem"

func (s *session) registryConfig() error {
	if s.options.ReadOnly {
		return errors.New("with --at nothing is written, and the certificate must be: leave --at out")
	}
	folder := s.store.Folder()
	key, err := server.OpenRegistryKey(folder)
	if err != nil {
		return err
	}
	c := registryConfig{Certificate: filepath.Join(folder, registryCertificate)}
	if c.Certificate, err = filepath.Abs(c.Certificate); err != nil {
		return err
	}
	if err := os.WriteFile(c.Certificate, key.Certificate(), 0o644); err != nil {
		return err
	}
	url, err := s.store.URL(s.ctx)
	if err != nil {
		return err
	}
	if url == "" {
		return errors.New("nobody knows yet where people reach the server: start patrol serve once, or say patrol settings url URL")
	}
	c.Realm = url + "/jwt/auth"
	if c.Service, err = s.store.Setting(s.ctx, model.SettingRegistryService); err != nil {
		return err
	}
	if c.Issuer, err = s.store.Setting(s.ctx, model.SettingRegistryIssuer); err != nil {
		return err
	}
	if s.json {
		return s.printObject(c)
	}
	for line := range strings.Lines(c.yaml()) {
		if _, err := fmt.Fprintln(s.out, model.Clean(strings.TrimSuffix(line, "\n"))); err != nil {
			return err
		}
	}
	return nil
}

func (c registryConfig) yaml() string {
	return fmt.Sprintf(`# For the registry's configuration; restart it afterwards. It must be able to
# read the certificate: copy that to where it can, or fetch it from
# /jwt/certs.pem. It changes only if registry_key.pem is removed.
auth:
  token:
    realm: %s
    service: %s
    issuer: %s
    rootcertbundle: %s`, c.Realm, c.Service, c.Issuer, c.Certificate)
}
