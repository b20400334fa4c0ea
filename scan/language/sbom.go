package language

import (
	"cmp"
	"errors"
	"path"
	"strings"

	"github.com/prodgate/prodgate/scan/sbom"
)

// isSBOM is an SBOM that is in the image. Bitnami's are read by
// another rule, and what Python's packages bring (PEP 770) is in their
// metadata.
func isSBOM(name, _ string) bool {
	for _, suffix := range []string{".spdx", ".spdx.json", ".cdx", ".cdx.json"} {
		if strings.HasSuffix(name, suffix) {
			return !strings.Contains(path.Dir(name)+"/", ".dist-info/sboms/")
		}
	}
	return false
}

// readSBOM adds what an SBOM in the image names, also of the
// distribution. It may add and never take away: what it could not say of itself
// is left out, for the image is read, too.
func readSBOM(f *file) error {
	raw, err := f.whole()
	if err != nil {
		return err
	}
	found, err := sbom.Read(f.path, raw)
	if errors.Is(err, sbom.ErrNotSBOM) || errors.Is(err, sbom.ErrOther) {
		return errOther
	}
	if err != nil {
		return err
	}
	for _, inv := range found {
		for _, p := range inv.Packages {
			p.FilePath, p.Target = path.Join(f.path, p.FilePath), f.path
			if p.Class != "os-pkgs" {
				p.FilePath = cmp.Or(strings.TrimPrefix(p.FilePath, f.path+"/"), f.path)
			}
			if f.flooded = f.flooded || len(f.found.Packages) == maxNamed; f.flooded {
				return nil
			}
			f.found.Packages = append(f.found.Packages, p)
		}
	}
	return nil
}
