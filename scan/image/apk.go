package image

import (
	"errors"
	"io"
	"path"

	alpine "github.com/knqyf263/go-apk-version"

	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
)

// readApk reads apk's list of what is installed: paragraphs of lines that begin
// with a letter and a colon.
func readApk(f *found, r io.Reader, _ int64) error {
	f.database = &database{}
	var p inventory.Package
	var full, dir string
	seen := map[string]bool{}
	end := func() {
		valid := full != "" && alpine.Valid(full)
		switch {
		case p.Name == "" && full == "":
		case p.Name == "":
			f.note(f.path, "it lists a package of version %s without its name", full)
		case !valid:
			f.unread = append(f.unread, finding.Undetermined{Package: p.Name, Version: full, Reason: f.path + " gives it an invalid apk version"})
		case !seen[p.Name+"@"+full]:
			seen[p.Name+"@"+full] = true
			p.Class, p.Version = inventory.ClassOS, full
			if p.SrcName != "" {
				p.SrcVersion = full
			}
			f.database.packages = append(f.database.packages, p)
		}
		p, full, dir = inventory.Package{}, "", ""
	}
	err := lines(r, func(line []byte) error {
		if len(line) < 2 {
			end()
			return nil
		}
		value := line[2:]
		switch string(line[:2]) {
		case "P:":
			p.Name = string(value)
		case "V:":
			full = string(value)
		case "A:":
			p.Arch = string(value)
		case "m:":
			p.Vendor = string(value)
		case "o:":
			p.SrcName = string(value)
		case "F:":
			dir = string(value)
		case "R:":
			if len(f.database.owned) > maxEntries {
				return errors.New("it lists more files than an image may have")
			}
			f.database.owned = append(f.database.owned, hashOf(path.Join(dir, string(value))))
		}
		return nil
	})
	end()
	return err
}
