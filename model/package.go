package model

import (
	"context"
	"io"
	"regexp"
	"time"
)

// MaxPackageFile is the largest file of a package, in bytes (G74).
const MaxPackageFile = 5 << 30

// Package is a generic package of a project: files under a name and a version.
type Package struct {
	ID        int64
	Name      string
	Version   string
	Hidden    bool // it isn't listed
	Creator   User
	CreatedAt time.Time
}

// PackageFile is one file of a package. The same name may stand there more than
// once; the newest counts.
type PackageFile struct {
	ID        int64
	PackageID int64
	Name      string
	Size      int64
	SHA256    [32]byte
	Creator   User
	CreatedAt time.Time
	Path      string // of the stored file; doors open it
}

// NewPackageFile asks to publish a file.
type NewPackageFile struct {
	Name    string // of the package
	Version string
	File    string
	Hidden  *bool // the package; nil: as it is, and not if it is new
	Body    io.Reader
}

// PackageQuery says which packages are wanted.
type PackageQuery struct {
	Name string // part of it, without case
	Type string // the type of package; empty: any
}

// GenericPackage is the type of every package here.
const GenericPackage = "generic"

var (
	packageName    = regexp.MustCompile(`^[A-Za-z0-9._+~@-]+$`)
	packageVersion = regexp.MustCompile(`^[A-Za-z0-9._+-]+$`)
)

const maxPackageName = 255

// CheckPackageFile is nil if a package and a file can have these names (G74).
func CheckPackageFile(name, version, file string) error {
	for _, part := range []struct {
		key, text string
		form      *regexp.Regexp
	}{{"package_name", name, packageName}, {"package_version", version, packageVersion}, {"file_name", file, packageName}} {
		if len(part.text) > maxPackageName || !part.form.MatchString(part.text) || part.text == "." || part.text == ".." {
			return Invalid("G74", Field{part.key, "is invalid"})
		}
	}
	return nil
}

// ErrCut is the error for a body that couldn't be read to its end.
var ErrCut = &Reason{Rule: "G74", Kind: ErrInvalid, Text: "The body could not be read to its end. Nothing was kept."}

// ErrTooLarge is the error for a file over MaxPackageFile.
var ErrTooLarge = &Reason{Rule: "G74", Kind: ErrInvalid, Text: "The file is too large: a file of a package has at most 5 GiB."}

// Packages are the use cases of generic packages.
type Packages interface {
	// MayPublish decides PublishFile before its body is read.
	MayPublish(ctx context.Context, a Actor, in Ref) error
	// PublishFile stores a file as it comes, with memory that doesn't grow, and
	// then records it (G70, R114). Whatever fails leaves nothing behind.
	PublishFile(ctx context.Context, a Actor, in Ref, f NewPackageFile) (PackageFile, error)
	// PackageFile finds the newest file of a name (G71).
	PackageFile(ctx context.Context, a Actor, in Ref, name, version, file string) (PackageFile, error)
	// Packages lists a project's, the oldest first, without hidden ones (G72).
	Packages(ctx context.Context, a Actor, in Ref, q PackageQuery, p Page) (List[Package], error)
	// PackageFiles lists a package's files, the oldest first.
	PackageFiles(ctx context.Context, a Actor, in Ref, id int64, p Page) (List[PackageFile], error)
	// RemovePackage removes a package with its files (G73).
	RemovePackage(ctx context.Context, a Actor, in Ref, id int64) error
}
