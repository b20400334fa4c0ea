package language

import (
	"bytes"
	"encoding/binary"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// goInfo is the build information as Go 1.18 and newer write it.
func goInfo(version, modules string) []byte {
	b := append(bytes.Clone(goMagic), 8, 2)
	b = append(b, make([]byte, 16)...)
	for _, text := range []string{version, modules} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	return b
}

// framed is a list of modules with what Go sets around it.
func framed(list string) string { return string(goListFront) + list + string(goListBack) }

const dataAt = 4096 // where the data of goELF begin at the earliest

// dataOf is where the data begin behind that much code.
func dataOf(code int) int { return max(dataAt, (256+code+15)/16*16) }

// goELF is a program of code, which begins after 256 bytes of headers, and of
// data. All is loaded 0x100000 after its offset. With a note, its linker was Go's.
func goELF(note bool, code, data []byte) []byte {
	dataAt := dataOf(len(code))
	b := make([]byte, dataAt, dataAt+len(data))
	copy(b, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint64(b[32:], 64)
	binary.LittleEndian.PutUint16(b[54:], 56)
	binary.LittleEndian.PutUint16(b[56:], 2)
	for i, s := range []struct{ flags, offset, size uint64 }{{5, 0, uint64(dataAt)}, {6, uint64(dataAt), uint64(len(data))}} {
		header := b[64+i*56:]
		binary.LittleEndian.PutUint32(header, 1)
		binary.LittleEndian.PutUint32(header[4:], uint32(s.flags))
		binary.LittleEndian.PutUint64(header[8:], s.offset)
		binary.LittleEndian.PutUint64(header[16:], 0x100000+s.offset)
		binary.LittleEndian.PutUint64(header[32:], s.size)
	}
	if note {
		copy(b[200:], "\x04\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00Go\x00\x00x")
	}
	copy(b[256:], code)
	return append(b, data...)
}

// oldGoELF is a program of Go 1.17 or older, whose header points to two texts
// that are in front of it.
func oldGoELF(version, modules string, versionAt uint64) []byte {
	data := make([]byte, 80)
	copy(data, goMagic)
	data[14] = 8
	const base, texts = 0x100000, 256
	dataAt := uint64(dataOf(len(version) + len(modules)))
	for i, v := range []uint64{base + dataAt + 32, base + dataAt + 48} {
		binary.LittleEndian.PutUint64(data[16+8*i:], v)
	}
	for i, v := range []uint64{versionAt, uint64(len(version)), base + texts + uint64(len(version)), uint64(len(modules))} {
		binary.LittleEndian.PutUint64(data[32+8*i:], v)
	}
	return goELF(true, []byte(version+modules), data)
}

func TestGoBuildInformation(t *testing.T) {
	list := framed("path\texample.com/app\nmod\texample.com/app\tv1.0.0\th1:x=\ndep\tgolang.org/x/text\tv0.3.7\th1:y=\n")
	want := []string{"gobinary stdlib v1.22.1", "gobinary golang.org/x/text v0.3.7", "gobinary example.com/app v1.0.0"}
	info := goInfo("go1.22.1", list)
	at := func(n int, b []byte) []byte { return append(make([]byte, n), b...) }
	const first = 0x100000 + 256
	for _, tt := range []struct {
		name   string
		file   []byte
		want   []string
		unread string
	}{
		{"where the data begin", goELF(true, nil, info), want, ""},
		{"further on", goELF(true, nil, at(160, info)), want, ""},
		{"at the end of a window", goELF(true, nil, at(windowSize-dataAt-16, info)), want, ""},
		{"at the end of what is looked at of a window", goELF(true, nil, at(windowSize-lookAhead-dataAt-behind-16, info)), want, ""},
		{"far on", goELF(true, nil, at(3<<20, info)), want, ""},
		{"of a program that Go did not link", goELF(false, nil, info), want, ""},
		{"not at a multiple of 16 bytes", goELF(false, nil, at(8, info)), nil, ""},
		{"of another program, among the code", goELF(false, info, nil), nil, ""},
		{"of another program, then its own", goELF(true, goInfo("go1.1", ""), info), want, ""},
		{"the magic alone, then its own", goELF(true, nil, append(at(0, []byte("\xff Go buildinf:\x09\x09                ")), at(16, info)...)), want, ""},
		{"with experiments", goELF(true, nil, goInfo("go1.22.1 X:boringcrypto", "")), want[:1], ""},
		{"with experiments as Go writes them since 1.26", goELF(true, nil, goInfo("go1.22.1-X:nodwarf5", "")), want[:1], ""},
		{"of a Go that is in development", goELF(true, nil, goInfo("devel go1.27-abc", "")), []string{"gobinary stdlib vdevel go1.27-abc"}, ""},
		{"with a list without marks", goELF(true, nil, goInfo("go1.22.1", "path\tx\nmod\tx\tv1\t\n")), want[:1], ""},
		{"with a module without a path", goELF(true, nil, goInfo("go1.22.1", framed("dep\t\t(devel)\t\n"))), want[:1], ""},
		{"with a list that is cut off", goELF(true, nil, info[:len(info)-20]), nil, "damaged"},
		{"with a list that claims too much", goELF(true, nil, append(info[:41:41], "\xff\xff\xff\xff\x0f"...)), nil, "claims"},
		{"with a list that is none", goELF(true, nil, goInfo("go1.22.1", framed("dep\tx\n"))), nil, "cannot be read"},
		{"packed by UPX", goELF(false, []byte("UPX!"), info), nil, "UPX"},
		{"that speaks of UPX far from its headers", goELF(true, nil, append(at(16, info), "UPX!"...)), want, ""},
		{"that was removed", goELF(true, nil, nil), nil, "without build information"},
		{"of a version that is no Go's", goELF(true, nil, goInfo("1.22.1", list)), nil, "without build information"},
		{"of old", oldGoELF("go1.16.4", list, first), []string{"gobinary stdlib v1.16.4", want[1], want[2]}, ""},
		{"of old, without modules", oldGoELF("go1.16.4", "", first), []string{"gobinary stdlib v1.16.4"}, ""},
		{"of old, of a Go in development", oldGoELF("devel +abc", list, first), []string{"gobinary stdlib vdevel +abc", want[1], want[2]}, ""},
		{"of old, which points into nothing", oldGoELF("go1.16.4", list, 1), nil, "Go 1.17"},
		{"of old, which points elsewhere", oldGoELF("go1.16.4", list, first+1), nil, "Go 1.17"},
		{"of old, with a list as long as is kept wherever it stands", oldGoELF("go1.16.4", framed("path\t"+strings.Repeat("x", maxListBytes-38)+"\n"), first), []string{"gobinary stdlib v1.16.4"}, ""},
		{"of old, with a list that is longer than a window", oldGoELF("go1.16.4", framed("path\t"+strings.Repeat("x", windowSize)+"\n"), first), nil, "Go 1.17"},
		{"of old, cut off", oldGoELF("go1.16.4", list, first)[:dataAt+40], nil, "Go 1.17"},
		{"of old, in a program that Go did not link", goELF(false, nil, append(append(bytes.Clone(goMagic), 8, 0), make([]byte, 16)...)), nil, "Go 1.17"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, unread := analyze(t, "bin/app", tt.file)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("packages (-want +got):\n%s", diff)
			}
			checkUnread(t, "bin/app", unread, tt.unread)
		})
	}
}

func TestAStampedVersion(t *testing.T) {
	const module = "github.com/org/app"
	for _, tt := range []struct{ name, flags, want string }{
		{"none", "-s -w", ""},
		{"in main", "-s -w -X main.version=1.0.0", "1.0.0"},
		{"joined by an equals sign", "-X=main.version=v1.0.0", "v1.0.0"},
		{"in single quotes", "-X 'main.version=1.0.0'", "1.0.0"},
		{"in double quotes", `-X="main.version=1.0.0"`, "1.0.0"},
		{"in quotes within quotes", `-X "'main.version=1.0.0'"`, "1.0.0"},
		{"as ver", "-X " + module + "/pkg/version/app.ver=1.0.0", "1.0.0"},
		{"in capitals", "-X main.Version=1.0.0", "1.0.0"},
		{"that is no version", "-X main.version=main", ""},
		{"under another name", "-X main.commit=1.0.0", ""},
		{"among others", "-extldflags -static -X main.commit=abc -lpthread -X main.version=1.0.0", "1.0.0"},
		{"of the module's own cmd before main", "-X main.version=1.0.0 -X " + module + "/cmd/app.version=2.0.0", "2.0.0"},
		{"of main before another package", "-X main.version=1.0.0 -X " + module + "/x.version=2.0.0", "1.0.0"},
		{"of another package alone", "-X " + module + "/x.version=2.0.0", "2.0.0"},
		{"two of one rank", "-X main.version=1.0.0 -X " + module + "/version.version=2.0.0", ""},
		{"after a quote left open", "-X 'main.version=1.0.0", ""},
		{"after a variable without a value", "-X main.version", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			words, _ := shellWords(tt.flags)
			if _, closed := shellWords(tt.flags); !closed {
				words = nil
			}
			if got := chooseStamp(module, linkerVariables(words)); got != tt.want {
				t.Errorf("%q: %q, and %q is wanted", tt.flags, got, tt.want)
			}
		})
	}
}

func TestTheVersionOfTheMainModule(t *testing.T) {
	const pseudo = "v0.0.0-20240101000000-abcdefabcdef"
	for _, tt := range []struct{ name, recorded, stamped, want string }{
		{"a release that Go recorded", "v1.2.3", "v1.0.0", "v1.2.3"},
		{"what was stamped before a commit", pseudo, "v1.0.0", "v1.0.0"},
		{"what was stamped before nothing", "", "v1.0.0", "v1.0.0"},
		{"a commit", pseudo, "", pseudo},
		{"nothing", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := mainVersion(tt.recorded, tt.stamped); got != tt.want {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestAGoProgramIsRecognisedInEitherByteOrder(t *testing.T) {
	for _, tt := range []struct {
		name, front string
		want        bool
	}{
		{"little-endian", "\x7fELF........\x04\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00Go\x00\x00", true},
		{"big-endian", "\x7fELF........\x00\x00\x00\x04\x00\x00\x00\x01\x00\x00\x00\x04Go\x00\x00", true},
		{"for Windows or macOS", "MZ" + strings.Repeat(".", 600) + "\xff Go build ID: \"x\"", true},
		{"another note", "\x7fELF........\x04\x00\x00\x00\x01\x00\x00\x00\x03\x00\x00\x00GNU\x00", false},
		{"a note far away", "\x7fELF" + strings.Repeat(".", 4096) + "\x04\x00\x00\x00Go\x00\x00", false},
		{"a note in a program for Windows", "MZ\x04\x00\x00\x00Go\x00\x00", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := isGoBinary([]byte(tt.front)); got != tt.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestTheTextAroundADotIsKeptIfItCouldBeAVersion(t *testing.T) {
	long := "1." + strings.Repeat("2", maxRelease-2)
	for _, tt := range []struct{ name, text, want string }{
		{"a version", "..., v1.2.3-rc.1+b\x00", "v1.2.3-rc.1+b"},
		{"one that does not end there", "v1.2.3 \x00", ""},
		{"one at the end of the file", "v1.2.3", ""},
		{"a sentence", "a.b\x00", ""},
		{"as long as is kept", "/" + long + "\x00", long},
		{"the end of one longer", "/" + long + "2\x00", long[1:] + "2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &program{passed: passed{releases: map[int64]string{}}, at: 1000}
			p.keepStrings([]byte(tt.text), len(tt.text))
			if got := p.passed.releases[1000+int64(strings.Index(tt.text, "\x00"))]; got != tt.want {
				t.Errorf("%q, and %q is wanted", got, tt.want)
			}
		})
	}
}

// endless repeats what it holds.
type endless struct {
	b  []byte
	at int
}

func (r *endless) Read(p []byte) (int, error) {
	n := copy(p, r.b[r.at:])
	r.at = (r.at + n) % len(r.b)
	return n, nil
}

func TestALargeProgramIsNotHeldInMemory(t *testing.T) {
	const size, most = 300 << 20, 8 << 20
	front := goELF(true, nil, nil)
	info := goInfo("go1.22.1", framed("path\tx\nmod\tx\tv1.0.0\t\n"))
	r := io.MultiReader(bytes.NewReader(front), io.LimitReader(&endless{b: noise(1<<20 - 32)}, size), bytes.NewReader(info))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	res, err := Analyze(t.Context(), "bin/app", size, r)
	runtime.ReadMemStats(&after)
	if err != nil || len(res.Packages) != 2 || len(res.Unread) > 0 {
		t.Errorf("%+v, %v", res, err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > most {
		t.Errorf("reading %d MiB took %d KiB of memory, and at most %d are wanted", size>>20, took>>10, most>>10)
	}
}
