package advisories

import (
	"os"
	"path/filepath"
)

// CurrentName is the link, in a folder that prodgate keeps up to date, to the
// pair of files that is valid now. The two files are in the folder under their
// own names too, as links through this one.
const CurrentName = "current"

// Pinned is the folder that holds the two files of dir's database, both of one
// state: an update may put another pair in their place between the reading of
// one file and that of the other. For a folder that is not kept up to date, or
// where a user put files of their own in place of the links, it is dir itself.
// The files of a pair stay where they are for an hour after the next one came.
func Pinned(dir string) string {
	target, err := os.Readlink(filepath.Join(dir, CurrentName))
	if err != nil {
		return dir
	}
	for _, name := range []string{FileName, MetadataFileName} {
		if !Follows(dir, name) {
			return dir
		}
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(dir, target)
	}
	return target
}

// Follows reports whether what has that name in dir is the link to the current
// pair, or nothing, as before the first update is done.
func Follows(dir, name string) bool {
	path := filepath.Join(dir, name)
	if _, err := os.Lstat(path); os.IsNotExist(err) {
		return true
	}
	target, err := os.Readlink(path)
	return err == nil && target == filepath.Join(CurrentName, name)
}
