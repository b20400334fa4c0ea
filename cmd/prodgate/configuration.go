package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/trail/step"
	"github.com/spf13/cobra"
)

// configurationFlag names the files that a configuration request changes.
const configurationFlag = "configuration"

// addConfiguration declares --configuration.
func addConfiguration(cmd *cobra.Command) {
	cmd.Flags().StringArray(configurationFlag, nil,
		"the deployed or approved configuration: a file, a folder or its sha256:…; repeatable for several files")
}

// configuration returns the digest of the files in --configuration; nil if it is not
// given.
func configuration(cmd *cobra.Command, std stdio) (*string, error) {
	names, err := cmd.Flags().GetStringArray(configurationFlag)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	digest, err := configurationDigest(std, names)
	if err != nil {
		return nil, usage("name files, a folder or sha256: and 64 lower-case hexadecimal digits", "--%s: %w", configurationFlag, err)
	}
	return &digest, nil
}

// configurationDigest returns the SHA-256 of one file. For a folder or several files
// it is the SHA-256 of the list that sha256sum prints for them, sorted by path:
// relative to a single folder, otherwise as given.
func configurationDigest(std stdio, names []string) (string, error) {
	if len(names) == 1 && strings.HasPrefix(names[0], "sha256:") {
		return step.Digest.ReadText(names[0])
	}
	sums := map[string]string{} // by path
	for _, name := range names {
		if name == "" || strings.HasPrefix(name, "sha256:") {
			return "", fmt.Errorf("%q is not a file: a digest must be the only value", name)
		}
		info, err := os.Stat(std.path(name))
		switch {
		case err != nil:
			return "", err
		case !info.IsDir() && len(names) == 1:
			sum, err := fileSum(std.path(name))
			return "sha256:" + sum, err
		case !info.IsDir():
			err = addSum(sums, std.path(name), path.Clean(filepath.ToSlash(name)))
		default:
			prefix := ""
			if len(names) > 1 {
				prefix = path.Clean(filepath.ToSlash(name))
			}
			err = addFolder(sums, std.path(name), prefix)
		}
		if err != nil {
			return "", err
		}
	}
	return listSum(sums), nil
}

// listSum returns the digest of the list of sums, sorted by path.
func listSum(sums map[string]string) string {
	paths := make([]string, 0, len(sums))
	for name := range sums {
		paths = append(paths, name)
	}
	slices.Sort(paths)
	h := sha256.New()
	for _, name := range paths {
		fmt.Fprintf(h, "%s  %s\n", sums[name], name)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// addFolder adds every file of a folder, hidden ones included.
func addFolder(sums map[string]string, folder, prefix string) error {
	before := len(sums)
	err := filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return nil
		case !entry.Type().IsRegular():
			return fmt.Errorf("%s is not a regular file: give the file that it points to", file)
		}
		relative, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		return addSum(sums, file, path.Join(prefix, filepath.ToSlash(relative)))
	})
	if err == nil && len(sums) == before {
		err = fmt.Errorf("%s holds no file", folder)
	}
	return err
}

// addSum adds one file under its path in the list.
func addSum(sums map[string]string, file, name string) error {
	if strings.ContainsAny(name, "\\\n\r") {
		return fmt.Errorf("%q: a file name must not contain a backslash or a line break", name)
	}
	if _, twice := sums[name]; twice {
		return fmt.Errorf("%s is given twice", name)
	}
	sum, err := fileSum(file)
	sums[name] = sum
	return err
}

// fileSum returns the SHA-256 of a file's content, in hexadecimal digits.
func fileSum(name string) (sum string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
