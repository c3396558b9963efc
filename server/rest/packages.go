package rest

import (
	"encoding/hex"
	"errors"
	"net/http"
	"os"

	"patrol/model"
)

// isPackages tells the routes of the package registry, which take Basic
// credentials too (G75).
func (c *call) isPackages() bool { return takesBasic(c.endpoint) }

func takesBasic(e *model.Endpoint) bool {
	return e.Access == model.PackagePublish || e.Access == model.PackageDownload
}

// isUpload tells the route whose body is a file (G70).
func (c *call) isUpload() bool {
	return c.endpoint.Access == model.PackagePublish && c.endpoint.Method == http.MethodPut
}

// packagesChallenge is what a client without credentials is told (G75).
const packagesChallenge = `Basic realm="GitLab Packages Registry"`

// packageFileNames are the three names in the path.
func (c *call) packageFileNames() (name, version, file string) {
	return c.arg(":package_name"), c.arg(":package_version"), c.arg(":file_name")
}

const textFileTooLarge = "400 Bad request - File is too large"

// publishFile is G70. Who may not is told before the body is read.
func publishFile(c *call) error {
	f := c.form()
	var hidden *bool
	if status := f.oneOf("status", "default", "hidden"); status != "" {
		hidden = new(status == "hidden")
	}
	selected := f.oneOf("select", "package_file") != ""
	if err := f.err(); err != nil {
		return err
	}
	name, version, file := c.packageFileNames()
	if err := c.api.Store.MayPublish(c.Context, c.asker(), c.place()); err != nil {
		return err
	}
	if err := model.CheckPackageFile(name, version, file); err != nil {
		return packageNameWrong(err)
	}
	if c.R.ContentLength > model.MaxPackageFile {
		return message(http.StatusBadRequest, textFileTooLarge).because(model.ErrTooLarge)
	}
	c.Pace()
	made, err := c.api.Store.PublishFile(c.Context, c.asker(), c.place(), model.NewPackageFile{Name: name, Version: version, File: file, Hidden: hidden, Body: c.R.Body})
	switch {
	case errors.Is(err, model.ErrTooLarge):
		return message(http.StatusBadRequest, textFileTooLarge).because(model.ErrTooLarge)
	case err != nil && reasonOf(err, model.ErrUnavailable) != nil:
		return message(http.StatusInsufficientStorage, "507 Insufficient Storage - "+reasonOf(err, model.ErrUnavailable).Text).because(reasonOf(err, model.ErrUnavailable))
	case errors.Is(err, model.ErrCut):
		return wrong(http.StatusBadRequest, "The body could not be read to its end")
	case err != nil:
		return err
	case selected:
		return answerOne(c, http.StatusCreated, &made, writePackageFile)
	}
	return c.object(http.StatusCreated, func(o *object) { o.text("message", "201 Created") })
}

// packageNameWrong is G74's answer about one of the names.
func packageNameWrong(err error) error {
	var reason *model.Reason
	errors.As(err, &reason)
	return wrong(http.StatusBadRequest, reason.Fields[0].Key+" is invalid").because(reason)
}

// downloadFile is G71.
func downloadFile(c *call) error {
	name, version, file := c.packageFileNames()
	f, err := c.api.Store.PackageFile(c.Context, c.asker(), c.place(), name, version, file)
	if err != nil {
		return c.absentInside(c.withChallenge(err), noRow)
	}
	content, err := os.Open(f.Path)
	if errors.Is(err, os.ErrNotExist) { // deleted just now, or a restore has left it behind: check tells
		return message(http.StatusNotFound, noRow)
	}
	if err != nil {
		return err
	}
	defer content.Close()
	h := c.W.Header()
	h.Set("Content-Type", fileType)
	h.Set("Content-Disposition", `attachment; filename="`+f.Name+`"`) // its characters need no quoting (G74)
	digest := hex.EncodeToString(f.SHA256[:])
	h.Set("X-Checksum-SHA256", digest)
	h.Set("Etag", `"`+digest+`"`)
	c.Pace()
	http.ServeContent(c.W, c.R, "", f.CreatedAt, content)
	return nil
}

// withChallenge asks who shows no credentials for some, where he sees nothing
// (G75).
func (c *call) withChallenge(err error) error {
	if errors.Is(err, model.ErrNotFound) && c.Pass.Caller.Kind == model.Nobody && !c.seesPlace() {
		return message(http.StatusUnauthorized, "401 Unauthorized")
	}
	return err
}

// packageTypes are GitLab's; here all packages are of one of them.
var packageTypes = []string{model.GenericPackage, "composer", "conan", "debian", "golang", "helm", "maven", "ml_model", "npm", "nuget", "pypi", "rpm", "rubygems", "terraform_module"}

// listPackages is G72.
func listPackages(c *call) error {
	f := c.form()
	q := model.PackageQuery{Name: f.search("package_name"), Type: f.oneOf("package_type", packageTypes...)}
	page := f.page("")
	if err := f.err(); err != nil {
		return err
	}
	list, err := c.api.Store.Packages(c.Context, c.asker(), c.place(), q, page.Page)
	if err != nil {
		return c.withChallenge(err)
	}
	return answerList(c, page, list, writePackage)
}

// listPackageFiles is G72 for the files of one.
func listPackageFiles(c *call) error {
	f := c.form()
	page := f.page("")
	if err := f.err(); err != nil {
		return err
	}
	list, err := c.api.Store.PackageFiles(c.Context, c.asker(), c.place(), c.number(":package_id"), page.Page)
	if err != nil {
		return c.absentInside(c.withChallenge(err), noRow)
	}
	return answerList(c, page, list, writePackageFile)
}

// removePackage is G73.
func removePackage(c *call) error {
	if err := c.api.Store.RemovePackage(c.Context, c.asker(), c.place(), c.number(":package_id")); err != nil {
		return c.absentInside(err, noRow)
	}
	return c.nothing()
}

func writePackage(o *object, p *model.Package) {
	o.number("id", p.ID)
	o.text("name", p.Name)
	o.text("version", p.Version)
	o.text("package_type", model.GenericPackage)
	o.text("status", packageStatus(p.Hidden))
	o.time("created_at", p.CreatedAt)
	o.object("_links", func(*object) {})
	o.raw("tags", []byte("[]"))
	o.raw("pipelines", []byte("[]"))
}

func packageStatus(hidden bool) string {
	if hidden {
		return "hidden"
	}
	return "default"
}

func writePackageFile(o *object, f *model.PackageFile) {
	o.number("id", f.ID)
	o.number("package_id", f.PackageID)
	o.time("created_at", f.CreatedAt)
	o.time("updated_at", f.CreatedAt)
	o.number("size", f.Size)
	o.text("file_name", f.Name)
	o.text("file_sha256", hex.EncodeToString(f.SHA256[:]))
	o.number("file_store", 1)
}
