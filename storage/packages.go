package storage

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"patrol/model"
)

const packageColumns = `p.id, p.name, p.version, p.hidden, p.created_at, ` + authorColumns

const packageTables = `packages p JOIN users u ON u.id = p.creator_id`

func scanPackage(scan func(...any) error) (p model.Package, keys []any, err error) {
	var created int64
	err = scan(append([]any{&p.ID, &p.Name, &p.Version, &p.Hidden, &created}, authorFields(&p.Creator)...)...)
	p.CreatedAt = time.UnixMilli(created).UTC()
	return p, []any{p.ID}, err
}

const packageFileColumns = `f.id, f.package_id, f.name, f.size, f.sha256, f.file, f.created_at, ` + authorColumns

const packageFileTables = `package_files f JOIN users u ON u.id = f.creator_id`

func (t *tx) scanPackageFile(scan func(...any) error) (f model.PackageFile, keys []any, err error) {
	var created int64
	var digest []byte
	var file string
	err = scan(append([]any{&f.ID, &f.PackageID, &f.Name, &f.Size, &digest, &file, &created}, authorFields(&f.Creator)...)...)
	copy(f.SHA256[:], digest)
	f.CreatedAt, f.Path = time.UnixMilli(created).UTC(), t.db.packageFile(file)
	return f, []any{f.ID}, err
}

// packageFile is where a file is stored: in one of some folders, so that none
// grows too large.
func (db *DB) packageFile(name string) string {
	return filepath.Join(db.packages, name[:2], name)
}

// MayPublish decides PublishFile.
func (db *DB) MayPublish(ctx context.Context, a model.Actor, in model.Ref) error {
	if db.readOnly {
		return errRehearsing
	}
	return db.view(ctx, a, func(t *tx) error {
		_, err := t.inProject(in, model.PackagePublish, model.PushPackage)
		return err
	})
}

const (
	beginFileSQL  = `INSERT INTO package_trash (file, at) VALUES (?, ?)`
	finishFileSQL = `DELETE FROM package_trash WHERE file = ?`
	takeFileSQL   = `DELETE FROM package_trash WHERE file = ? AND at > ?`
	packageIDSQL  = `SELECT id FROM packages WHERE project_id = ? AND name = ? AND version = ?`

	hidePackageSQL       = `UPDATE packages SET hidden = ? WHERE id = ?`
	insertPackageSQL     = `INSERT INTO packages (project_id, name, version, hidden, creator_id, created_at) VALUES (?, ?, ?, ?, ?, ?)`
	insertPackageFileSQL = `INSERT INTO package_files (package_id, name, size, sha256, file, creator_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`
)

// PublishFile stores a file. Before it is written its name stands among those
// that are to go, and until it is recorded: a process that dies leaves nothing
// for ever.
func (db *DB) PublishFile(ctx context.Context, a model.Actor, in model.Ref, f model.NewPackageFile) (made model.PackageFile, err error) {
	if err := db.atHome(); err != nil {
		return made, err
	}
	if err := model.CheckPackageFile(f.Name, f.Version, f.File); err != nil {
		return made, err
	}
	name := strings.ToLower(rand.Text())
	err = db.change(ctx, a, func(t *tx) error {
		if _, err := t.inProject(in, model.PackagePublish, model.PushPackage); err != nil {
			return err
		}
		return t.exec(beginFileSQL, name, t.now.UnixMilli())
	})
	if err != nil {
		return made, err
	}
	size, digest, err := store(db.packageFile(name), f.Body, db.mostPackageBytes)
	if err == nil {
		err = db.change(ctx, a, func(t *tx) error {
			made, err = t.publish(in, f, name, size, digest)
			return err
		})
	}
	if err != nil {
		db.dropFile(name)
	}
	return made, err
}

// publish records a file that is stored.
func (t *tx) publish(in model.Ref, f model.NewPackageFile, name string, size int64, digest [32]byte) (made model.PackageFile, err error) {
	p, err := t.inProject(in, model.PackagePublish, model.PushPackage)
	if err != nil {
		return made, err
	}
	var id int64
	known, err := t.row(packageIDSQL, []any{p.ID, f.Name, f.Version}, &id)
	switch {
	case err != nil:
	case !known:
		id, err = t.insert(insertPackageSQL, p.ID, f.Name, f.Version, f.Hidden != nil && *f.Hidden, t.actor.ID(), t.now.UnixMilli())
	case f.Hidden != nil:
		err = t.exec(hidePackageSQL, *f.Hidden, id)
	}
	if err != nil {
		return made, err
	}
	file, err := t.insert(insertPackageFileSQL, id, f.File, size, digest[:], name, t.actor.ID(), t.now.UnixMilli())
	if err != nil {
		return made, err
	}
	taken, err := t.changed(takeFileSQL, name, t.now.Add(-uploadTime).UnixMilli())
	if err != nil {
		return made, err
	}
	if taken == 0 { // it counts as left behind, and may be gone
		return made, &model.Reason{Rule: "G74", Kind: model.ErrConflict, Text: "The upload took longer than a day. Nothing was kept."}
	}
	made, _, err = t.packageFileWhere(`f.id = ?`, file)
	return made, err
}

func (t *tx) packageFileWhere(condition string, args ...any) (f model.PackageFile, found bool, err error) {
	err = t.rows(`SELECT `+packageFileColumns+` FROM `+packageFileTables+` WHERE `+condition+` ORDER BY f.id DESC LIMIT 1`, args,
		func(scan func(...any) error) (err error) {
			found = true
			f, _, err = t.scanPackageFile(scan)
			return err
		})
	return f, found, err
}

// store writes a body to a file, and to the disk.
func store(path string, body io.Reader, most int64) (size int64, digest [32]byte, err error) {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return 0, digest, storeError(err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, digest, storeError(err)
	}
	sum := sha256.New()
	from := &failing{from: io.LimitReader(body, most+1)}
	size, err = io.Copy(io.MultiWriter(file, sum), from)
	if from.failed {
		err = model.ErrCut
	}
	if err == nil && size > most {
		err = model.ErrTooLarge
	}
	if err == nil {
		err = file.Sync()
	}
	if e := file.Close(); err == nil {
		err = e
	}
	for _, f := range []string{folder, filepath.Dir(folder), filepath.Dir(filepath.Dir(folder))} { // its name, too, outlasts a power cut
		if err == nil {
			err = syncFolder(f)
		}
	}
	sum.Sum(digest[:0])
	return size, digest, storeError(err)
}

// failing is a reader that tells whether it was the reading that failed.
type failing struct {
	from   io.Reader
	failed bool
}

func (f *failing) Read(into []byte) (n int, err error) {
	n, err = f.from.Read(into)
	f.failed = f.failed || err != nil && err != io.EOF
	return n, err
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// storeError says what is wrong with the disk.
func storeError(err error) error {
	var path *os.PathError
	if !errors.As(err, &path) {
		return err
	}
	text := fmt.Sprintf("The file can't be stored: %v. Nothing was kept.", path.Err)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		text = "The file can't be stored: the server's disk is full. Nothing was kept."
	}
	return &model.Reason{Rule: "G74", Kind: model.ErrUnavailable, Text: text}
}

// dropFile removes a file that wasn't recorded. What can't be done now, Tidy
// does.
func (db *DB) dropFile(name string) {
	if err := os.Remove(db.packageFile(name)); err == nil || errors.Is(err, os.ErrNotExist) {
		db.change(context.Background(), model.Actor{Door: model.SystemDoor}, func(t *tx) error { return t.exec(finishFileSQL, name) })
	}
}

// PackageFile finds the newest file of a name.
func (db *DB) PackageFile(ctx context.Context, a model.Actor, in model.Ref, name, version, file string) (f model.PackageFile, err error) {
	if err := db.atHome(); err != nil {
		return f, err
	}
	err = db.view(ctx, a, func(t *tx) error {
		p, err := t.inProject(in, model.PackageDownload, model.PullPackage)
		if err != nil {
			return err
		}
		found := false
		f, found, err = t.packageFileWhere(`f.package_id = (SELECT id FROM packages WHERE project_id = ? AND name = ? AND version = ?) AND f.name = ?`,
			p.ID, name, version, file)
		if err == nil && !found {
			err = model.NotFound("file")
		}
		return err
	})
	return f, err
}

// Packages lists a project's packages.
func (db *DB) Packages(ctx context.Context, a model.Actor, in model.Ref, q model.PackageQuery, p model.Page) (list model.List[model.Package], err error) {
	err = db.view(ctx, a, func(t *tx) error {
		project, err := t.inProject(in, model.PackageDownload, model.PullPackage)
		if err != nil {
			return err
		}
		var w where
		w.and(`p.project_id = ?`, project.ID)
		w.and(`NOT p.hidden`)
		if q.Name != "" {
			w.holds(q.Name, `p.name`)
		}
		if q.Type != "" && q.Type != model.GenericPackage {
			w.and(`FALSE`)
		}
		list, err = page(t, p, paged{columns: packageColumns, from: packageTables, where: w, keys: []sortKey{{column: `p.id`}}}, scanPackage)
		return err
	})
	return list, err
}

const packageThereSQL = `SELECT EXISTS (SELECT 1 FROM packages WHERE id = ? AND project_id = ?)`

// packageIn finds a project and a package in it.
func (t *tx) packageIn(in model.Ref, access model.Access, action model.Action, id int64) error {
	p, err := t.inProject(in, access, action)
	if err != nil {
		return err
	}
	there, err := t.is(packageThereSQL, id, p.ID)
	if err == nil && !there {
		err = model.NotFound("package")
	}
	return err
}

// PackageFiles lists a package's files.
func (db *DB) PackageFiles(ctx context.Context, a model.Actor, in model.Ref, id int64, p model.Page) (list model.List[model.PackageFile], err error) {
	err = db.view(ctx, a, func(t *tx) error {
		if err := t.packageIn(in, model.PackageDownload, model.PullPackage, id); err != nil {
			return err
		}
		var w where
		w.and(`f.package_id = ?`, id)
		list, err = page(t, p, paged{columns: packageFileColumns, from: packageFileTables, where: w, keys: []sortKey{{column: `f.id`}}}, t.scanPackageFile)
		return err
	})
	return list, err
}

const (
	removePackageSQL = `DELETE FROM packages WHERE id = ?`
	trashSQL         = `SELECT file FROM package_trash WHERE at <= ? ORDER BY at LIMIT ?`
)

// RemovePackage removes a package. Its files go once that is committed.
func (db *DB) RemovePackage(ctx context.Context, a model.Actor, in model.Ref, id int64) error {
	err := db.change(ctx, a, func(t *tx) error {
		if err := t.packageIn(in, model.PackagePublish, model.DeletePackage, id); err != nil {
			return err
		}
		return t.exec(removePackageSQL, id)
	})
	if err == nil {
		db.sweepPackages()
	}
	return err
}

// uploadTime is how long a file may be written before it is taken for what a
// process that died has left.
const uploadTime = 24 * time.Hour

// sweepPackages removes a bounded number of files that nothing names: after a
// deletion, at a start, and now and then. A file is removed outside of any
// transaction, since a large one takes a while, and its row after it.
func (db *DB) sweepPackages() (more bool) {
	if db.foreign != nil {
		return false
	}
	ctx, system := context.Background(), model.Actor{Door: model.SystemDoor}
	var files []string
	err := db.view(ctx, system, func(t *tx) error {
		return t.rows(trashSQL, []any{t.now.Add(-uploadTime).UnixMilli(), maxSweep}, func(scan func(...any) error) error {
			var file string
			err := scan(&file)
			files = append(files, file)
			return err
		})
	})
	gone := 0
	for ; err == nil && gone < len(files); gone++ {
		if err = os.Remove(db.packageFile(files[gone])); errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		if err != nil {
			break
		}
	}
	if gone > 0 {
		err = errors.Join(err, db.change(ctx, system, func(t *tx) error {
			for _, file := range files[:gone] {
				if err := t.exec(finishFileSQL, file); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	if err != nil {
		db.log.Warn("cannot remove the files of deleted packages", "error", err)
	}
	return err == nil && len(files) == maxSweep
}

const allPackageFilesSQL = `SELECT file, size, id FROM package_files ORDER BY id`

const allTrashSQL = `SELECT file FROM package_trash`

// packageFiles are the names of all files in the packages' folder.
func (db *DB) packageFiles() (names []string) {
	folders, _ := os.ReadDir(db.packages) // none: nothing was published, or each file is missed
	for _, folder := range folders {
		files, _ := os.ReadDir(filepath.Join(db.packages, folder.Name()))
		for _, file := range files {
			names = append(names, file.Name())
		}
	}
	return names
}

// checkPackages finds files that are missing, or not as long as they were, and
// among those that were there before files that nothing names.
func (t *tx) checkPackages(before []string, report func(string, ...any)) error {
	named, problems := map[string]bool{}, 0
	problem := func(text string, args ...any) {
		if problems++; problems <= maxProblems {
			report(text, args...)
		}
	}
	err := t.rows(allPackageFilesSQL, nil, func(scan func(...any) error) error {
		var file string
		var size, id int64
		if err := scan(&file, &size, &id); err != nil {
			return err
		}
		named[file] = true
		switch info, err := os.Stat(t.db.packageFile(file)); {
		case err != nil:
			problem("file %d of a package, %s, is missing", id, t.db.packageFile(file))
		case info.Size() != size:
			problem("file %d of a package, %s, has %d bytes instead of %d", id, t.db.packageFile(file), info.Size(), size)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = t.rows(allTrashSQL, nil, func(scan func(...any) error) error {
		var file string
		err := scan(&file)
		named[file] = true
		return err
	})
	for _, name := range before {
		if err != nil || named[name] || len(name) < 2 {
			continue
		}
		if _, gone := os.Lstat(t.db.packageFile(name)); gone == nil {
			problem("%s belongs to no package", t.db.packageFile(name))
		}
	}
	return err
}
