package language

import (
	"cmp"
	"errors"
	"path"
	"strings"

	"github.com/prodgate/prodgate/scan/sbom"
)

// isBill is a bill of materials that lies in the image. Bitnami's are read by
// another rule, and what Python's packages bring (PEP 770) stands in their
// metadata.
func isBill(name, _ string) bool {
	for _, suffix := range []string{".spdx", ".spdx.json", ".cdx", ".cdx.json"} {
		if strings.HasSuffix(name, suffix) {
			return !strings.Contains(path.Dir(name)+"/", ".dist-info/sboms/")
		}
	}
	return false
}

// readBill adds what a bill of materials in the image names, also of the
// distribution. It may add and never take away: what it could not say of itself
// is left out, for the image is read, too.
func readBill(f *file) error {
	raw, err := f.whole()
	if err != nil {
		return err
	}
	bills, err := sbom.Read(f.path, raw)
	if errors.Is(err, sbom.ErrNoBill) || errors.Is(err, sbom.ErrOther) {
		return errOther
	}
	if err != nil {
		return err
	}
	for _, bill := range bills {
		for _, p := range bill.Packages {
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
