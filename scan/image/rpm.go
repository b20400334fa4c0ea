package image

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/rpmdb"
)

// vendors are how the Vendor of the distributions' own packages begins, as Trivy
// knows them. What is from elsewhere has no advisories of the distribution.
var vendors = []string{
	"Amazon Linux", "Amazon.com", "CentOS", "Fedora Project", "Oracle America", "Red Hat", "AlmaLinux", "CloudLinux",
	"VMware", "SUSE", "openSUSE", "Microsoft Corporation", "Rocky",
}

// byVendor reports whether a package is the distribution's own. Amazon's may have
// no Vendor.
func byVendor(p *rpmdb.Package) bool {
	if p.Vendor == "" {
		return strings.Contains(p.Release, "amzn")
	}
	for _, v := range vendors {
		if strings.HasPrefix(p.Vendor, v) {
			return true
		}
	}
	return false
}

// readRPM reads the database of rpm.
func readRPM(f *found, r io.Reader, size int64) error {
	f.database = &database{}
	if size == 0 {
		return errors.New("it is empty: it was cut short")
	}
	file, drop, err := spool(r, size)
	if err != nil {
		return err
	}
	defer drop()
	d := f.database
	err = rpmdb.Read(file, size, func(p *rpmdb.Package) error {
		found := inventory.Package{
			Class: inventory.ClassOS,
			Name:  p.Name, Epoch: p.Epoch, Version: p.Version, Release: p.Release, Arch: p.Arch,
			ModularityLabel: p.ModularityLabel, Vendor: p.Vendor,
		}
		if found.Arch == "" {
			found.Arch = "None" // as rpm itself has it
		}
		found.SrcName, found.SrcVersion, found.SrcRelease = splitRPM(p.SourceRPM)
		found.SrcEpoch = p.Epoch // no header names the source's own
		if !byVendor(p) {
			found.Repository = inventory.ThirdParty
		} else {
			p.Files(func(name string) { d.owned = append(d.owned, hashOf(strings.TrimPrefix(path.Clean(name), "/"))) })
		}
		if len(d.owned) > maxEntries || len(d.packages) > maxPackages {
			return errors.New("it lists more than an image may have")
		}
		d.packages = append(d.packages, found)
		return nil
	})
	if err != nil {
		*d = database{} // what was read before the damage is not all there is
		return fmt.Errorf("the database of rpm is damaged: %w", err)
	}
	d.unique(func(p inventory.Package) string { return p.Name + "@" + p.Version + "-" + p.Release + "." + p.Arch })
	return nil
}

// splitRPM takes the file name of a package apart: NAME-VERSION-RELEASE.ARCH.rpm;
// all empty if it is none.
func splitRPM(file string) (name, version, release string) {
	file = strings.TrimSuffix(file, ".rpm")
	arch := strings.LastIndexByte(file, '.')
	if arch < 0 {
		return "", "", ""
	}
	file = file[:arch]
	second := strings.LastIndexByte(file, '-')
	if second < 0 {
		return "", "", ""
	}
	first := strings.LastIndexByte(file[:second], '-')
	if first < 0 {
		return "", "", ""
	}
	return file[:first], file[first+1 : second], file[second+1:]
}

// readRPMLog reads the start of SQLite's write-ahead log: its head, and that of
// the first page in it, which bears the same two salts unless it is left from
// before the log was last begun anew. Pages of this log are what rpm sees, and may
// not be in the database yet.
func readRPMLog(f *found, r io.Reader, size int64) error {
	const head, page = 32, 24
	if size < head+page {
		return nil
	}
	start := make([]byte, head+page)
	if _, err := io.ReadFull(r, start); err != nil {
		return err
	}
	if bytes.Equal(start[16:24], start[head+8:head+16]) {
		f.note(f.path, "it holds changes that may not be in the database of rpm yet; end what works on it, or run rpm --rebuilddb, before the image is made")
	}
	return nil
}

// readRPMManifest reads the list that distroless images of CBL-Mariner and Azure
// Linux have instead of a database: NAME, VERSION-RELEASE, the times of
// installation and build, VENDOR, (none), SIZE, ARCH, EPOCH, SOURCERPM, with tabs
// between them.
func readRPMManifest(f *found, r io.Reader, _ int64) error {
	f.database = &database{}
	err := lines(r, func(line []byte) error {
		fields := strings.Split(string(line), "\t")
		if len(fields) != 10 {
			return fmt.Errorf("a line has %d columns and not 10: %.80q", len(fields), line)
		}
		version, release, ok := strings.Cut(fields[1], "-")
		epoch, err := strconv.Atoi(fields[8])
		if !ok || strings.Contains(release, "-") || err != nil || epoch < 0 {
			return fmt.Errorf("%s has the version %q and the epoch %q", fields[0], fields[1], fields[8])
		}
		p := inventory.Package{
			Class: inventory.ClassOS,
			Name:  fields[0], Epoch: epoch, Version: version, Release: release, Arch: fields[7], SrcEpoch: epoch,
		}
		if p.SrcName, p.SrcVersion, p.SrcRelease = splitRPM(fields[9]); p.SrcName == "" {
			return fmt.Errorf("%s comes from the source %q", p.Name, fields[9])
		}
		f.database.packages = append(f.database.packages, p)
		return nil
	})
	if err != nil {
		*f.database = database{}
	}
	return err
}

// readBottlerocket reads Bottlerocket's list of its packages.
func readBottlerocket(f *found, r io.Reader, _ int64) error {
	f.database = &database{}
	var list struct {
		Content []struct{ Name, Version, Release, Epoch, Architecture string }
	}
	if err := json.NewDecoder(r).Decode(&list); err != nil {
		return fmt.Errorf("the list of Bottlerocket's packages: %w", err)
	}
	for _, c := range list.Content {
		epoch := 0
		if c.Epoch != "" {
			var err error
			if epoch, err = strconv.Atoi(c.Epoch); err != nil || epoch < 0 {
				*f.database = database{}
				return fmt.Errorf("%s has the epoch %q", c.Name, c.Epoch)
			}
		}
		if c.Name == "" || c.Version == "" {
			f.note(f.path, "it lists a package without name or version")
			continue
		}
		f.database.packages = append(f.database.packages, inventory.Package{
			Class: inventory.ClassOS,
			Name:  c.Name, Epoch: epoch, Version: c.Version, Release: c.Release, Arch: c.Architecture,
		})
	}
	return nil
}
