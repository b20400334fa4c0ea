package language

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
)

const (
	maxNesting  = 8        // of jars in wars in ears
	maxArchives = 20_000   // that are nested in one file, at all depths
	maxEntry    = 10 << 20 // a manifest or pom.properties, in bytes; real ones have some thousand
)

// isJar recognises the archives of Java.
func isJar(_, base string) bool {
	switch strings.ToLower(path.Ext(base)) {
	case ".jar", ".war", ".ear", ".par":
		return true
	}
	return false
}

// isNestedJar recognises those that are read inside of another.
func isNestedJar(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jar", ".war", ".ear":
		return true
	}
	return false
}

// coordinates name an artifact as Maven does.
type coordinates struct{ group, artifact, version string }

func (c coordinates) complete() bool { return c.group != "" && c.artifact != "" && c.version != "" }

// jars reads one file with all that is nested in it.
type jars struct {
	*file
	left     int64 // how many bytes may still be unpacked
	archives int
	seen     map[[3]string]bool
}

// readJar reads a jar. Its artifact is what pom.properties says, and of those
// that are shaded into it, too; a manifest names what it likes. Trivy asks its
// Java database by checksum where both are silent; here that is unread.
func readJar(f *file) error {
	h, err := f.buffer(f, f.size, maxSpooled)
	if err != nil {
		return err
	}
	defer h.close()
	j := &jars{file: f, left: maxSpooled, seen: map[[3]string]bool{}}
	return j.archive(f.path, h, 0)
}

// archive reads the archive at path, which may be within another.
func (j *jars) archive(path string, h buffered, depth int) error {
	r, err := openZip(h)
	if err != nil {
		return err
	}
	a := &jar{jars: j, path: path, byName: nameOfJar(path)}
	for _, entry := range r.File {
		if err := j.ctx.Err(); err != nil {
			return err
		}
		if err := a.entry(entry, h, depth); err != nil {
			return err
		}
	}
	a.identify()
	return nil
}

// jar is one archive while it is read.
type jar struct {
	*jars
	path     string
	byName   coordinates // without a group; empty where the file's name has none
	poms     []coordinates
	manifest manifest
	main     bool // manifest is the archive's own
	nested   bool // it holds other archives, or is an application's folder
	content  bool // it has content other than META-INF
	damaged  bool // what names it could not be read
}

// entry looks at one entry of the archive h. An error ends the whole file.
func (a *jar) entry(entry *zip.File, h buffered, depth int) error {
	name := entry.Name
	base := path.Base(name)
	switch {
	case strings.HasSuffix(name, "/"):
		return nil
	case base == "pom.properties":
		return a.pom(entry)
	case base == "MANIFEST.MF":
		return a.readManifest(entry)
	case isNestedJar(name):
		a.nested = true
		return a.nest(entry, h, depth+1)
	case strings.HasPrefix(name, "WEB-INF/"), strings.HasPrefix(name, "BOOT-INF/"):
		a.nested, a.content = true, true
	case !strings.HasPrefix(name, "META-INF/"):
		a.content = true
	}
	return nil
}

func (a *jar) pom(entry *zip.File) error {
	raw, err := a.unpack(entry)
	if raw == nil {
		return err
	}
	if c := parsePomProperties(raw); c.complete() {
		a.poms = append(a.poms, c)
		a.addJar(c)
	}
	return nil
}

func (a *jar) readManifest(entry *zip.File) error {
	main := entry.Name == "META-INF/MANIFEST.MF"
	if a.main && !main {
		return nil
	}
	raw, err := a.unpack(entry)
	if raw != nil {
		a.main, a.manifest = main, parseManifest(raw)
	}
	return err
}

// unpack reads an entry that may name the jar. One that cannot be read is nil,
// and noted; an error ends the whole file.
func (a *jar) unpack(entry *zip.File) ([]byte, error) {
	raw, err := unpack(entry, maxEntry)
	if err != nil {
		a.left -= maxEntry // as much may have been unpacked in vain
		a.damaged = true
		a.unread(a.path, a.byName.version, "%s in the archive cannot be read: %v", entry.Name, err)
		raw = nil
	}
	if a.left -= int64(len(raw)); a.left < 0 {
		return nil, errTooLarge
	}
	return raw, nil
}

// nest reads an archive within the archive h.
func (a *jar) nest(entry *zip.File, h buffered, depth int) error {
	inner := path.Join(a.path, path.Join("/", entry.Name)) // #nosec G305 -- a name to show, and one that climbs stays inside
	note := func(err error) error {
		if a.err != nil || errors.Is(err, errTooLarge) {
			return err
		}
		a.unread(inner, nameOfJar(inner).version, "%v", err)
		return nil
	}
	if a.archives++; a.archives > maxArchives {
		return fmt.Errorf("the archive holds more than the %d archives that are read in one", maxArchives)
	}
	if depth > maxNesting {
		return note(fmt.Errorf("the archive is nested more than %d levels deep", maxNesting))
	}
	size := min(entry.UncompressedSize64, 1<<62)
	if a.left -= int64(size) + 1; a.left < 0 { // #nosec G115 -- at most 1<<62
		return errTooLarge
	}
	content, err := a.inner(entry, h)
	if err != nil {
		return note(err)
	}
	defer content.close()
	if err := a.archive(inner, content, depth); err != nil {
		if a.ctx.Err() != nil {
			return err
		}
		return note(err)
	}
	return nil
}

// inner opens an entry for random access: in place if it is only stored.
func (a *jar) inner(entry *zip.File, h buffered) (buffered, error) {
	if entry.Method == zip.Store && entry.CompressedSize64 == entry.UncompressedSize64 {
		at, err := entry.DataOffset()
		size := int64(min(entry.CompressedSize64, uint64(h.size))) // #nosec G115 -- at most the size
		if err != nil || at < 0 || at > h.size-size {
			return buffered{}, errors.New("the archive is cut off")
		}
		return buffered{io.NewSectionReader(h, at, size), size, func() {}}, nil
	}
	r, err := entry.Open()
	if err != nil {
		return buffered{}, fmt.Errorf("the archive cannot be unpacked: %w", err)
	}
	defer r.Close()
	return a.buffer(r, int64(min(entry.UncompressedSize64, 1<<62)), maxSpooled) // #nosec G115 -- at most 1<<62
}

// identify adds the artifact that the archive itself is, or notes that it is unknown.
func (a *jar) identify() {
	if a.damaged || a.manifest.isJavaRuntime() {
		return // said already; or a part of Java, which is not an artifact of Maven's
	}
	if slices.ContainsFunc(a.poms, a.isOwn) {
		return
	}
	guess := a.manifest.coordinates()
	switch {
	case guess.complete() && guess.plausible():
		a.addJar(guess)
		if !a.knownPom(guess) {
			a.unread(a.path, guess.version, "no pom.properties in the jar says which artifact it is; its manifest looks like %s:%s, "+
				"which only Trivy's Java database could confirm, and that is not read: %s", guess.group, guess.artifact, jarCure)
		}
	case a.nested || !a.content || isApplication(a.path):
		// An application's own classes: what it is made of is nested in it.
	case a.byName.artifact != "":
		a.unread(a.path, a.byName.version, "the jar does not say which group it is of; by its file name it is %s, "+
			"and the Java database in which Trivy looks for its checksum is not read: %s", a.byName.artifact, jarCure)
	default:
		a.unread(a.path, "", "the jar does not say which artifact it is (it has no pom.properties, and a manifest without that information), "+
			"and the Java database in which Trivy looks for its checksum is not read: %s", jarCure)
	}
}

// isOwn distinguishes the pom.properties of the archive itself from those of what was
// shaded into it: by the file's name, or by the version that the manifest has.
// Maven, which leaves a pom.properties, may leave a manifest without a version.
func (a *jar) isOwn(c coordinates) bool {
	if c.artifact == a.byName.artifact || c.artifact == strings.TrimSuffix(path.Base(a.path), path.Ext(a.path)) {
		return true
	}
	if versions := a.manifest.versions(); len(versions) > 0 {
		return slices.Contains(versions, c.version)
	}
	return a.byName.artifact == "" && (len(a.poms) == 1 || strings.Contains(a.manifest["Created-By"], "Maven"))
}

const jarCure = "name it in an SBOM of the image"

func (a *jar) knownPom(c coordinates) bool {
	for _, p := range a.poms {
		if p.group == c.group && p.artifact == c.artifact {
			return true
		}
	}
	return false
}

// isApplication reports whether an archive is deployed as a whole.
func isApplication(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".war" || ext == ".ear"
}

// addJar adds an artifact once: 2.17 and 2.17.0 are one version to Maven.
func (a *jar) addJar(c coordinates) {
	version := c.version
	for strings.HasSuffix(version, ".0") {
		version = strings.TrimSuffix(version, ".0")
	}
	if key := [3]string{a.path, c.group + ":" + c.artifact, version}; !a.seen[key] {
		a.seen[key] = true
		a.addAt(a.path, c.group+":"+c.artifact, c.version)
	}
}

var jarName = regexp.MustCompile(`^([a-zA-Z0-9._-]*[^-*])-(\d\S*)\.jar$`)

// nameOfJar takes artifact and version from a file's name: spring-core-5.3.4.jar.
func nameOfJar(name string) coordinates {
	if m := jarName.FindStringSubmatch(path.Base(name)); m != nil {
		return coordinates{artifact: m[1], version: m[2]}
	}
	return coordinates{}
}

func parsePomProperties(raw []byte) (c coordinates) {
	for line := range bytes.Lines(raw) {
		key, value, _ := strings.Cut(strings.TrimSpace(string(line)), "=")
		switch key {
		case "groupId":
			c.group = value
		case "artifactId":
			c.artifact = value
		case "version":
			c.version = value
		}
	}
	return c
}
