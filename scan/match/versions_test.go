package match

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var (
	allRanges = map[string]ranges{
		"semver": semverRanges, "npm": npmRanges, "gem": gemRanges, "maven": mavenRanges, "bitnami": bitnamiRanges,
		"python": pythonRanges, "sealed python": sealedPythonRanges,
	}
	allOrders = map[string]order{"deb": debOrder, "apk": apkOrder, "rpm": rpmOrder}
)

func TestRangesAreReadAsTheirLanguageWritesThem(t *testing.T) {
	for _, tt := range []struct {
		way, version, constraint string
		want                     bool
	}{
		{"npm", "1.2.3-beta", "<1.2.3", true},
		{"npm", "1.2.3", "1.x || >=2.5.0", true},
		{"semver", "v1.2.3", ">= 1.2, < 2", true},
		{"semver", "1.2.3-rc1", "<1.2.3", true},
		{"gem", "6.0.0.rc1", "< 6.0.0", true},
		{"gem", "5.2.5", "~> 5.2.4", true},
		{"maven", "2.0-SNAPSHOT", "(,2.0)", true},
		{"maven", "2.0", "(,2.0)", false},
		{"python", "1.0.dev1", "<1.0", true},
		{"python", "1.0+local", "==1.0", true},
		{"sealed python", "4.2.8+sp1", ">=4.2.8+sp1,<4.2.8+sp2", true},
		{"bitnami", "1.0.0-2", "<1.0.0-3", true},
	} {
		within, err := allRanges[tt.way].read(tt.version)
		if err != nil {
			t.Error(tt, err)
			continue
		}
		if got, err := within(tt.constraint); got != tt.want || err != nil {
			t.Error(tt, got, err)
		}
	}
}

func TestARangeOfADistributionsVersionsIsAllOfItsComparisons(t *testing.T) {
	compare, err := debOrder.read("1:2.0-1")
	if err != nil {
		t.Fatal(err)
	}
	for constraint, want := range map[string]string{
		"<1:2.0-2": "in", ">=1:1.0, <1:2.0-1": "out", ">=1:1.0 <1:3": "in", "1:2.0-1": "in", "=1:2.0-1": "in", "==1:2.0-1": "in",
		"!=1:2.0-1": "out", ">1:2.0-1": "out", "<=1:2.0-1": "in", "< 1:3, > 1:1": "in",
		"": "error", ",": "error", "<": "error", ">>1": "error", "<1 || >2": "error", "<v1": "error", "<1:2.0-1, nonsense": "error",
	} {
		in, err := inRange(constraint, compare)
		got := map[bool]string{true: "in", false: "out"}[in]
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: %s, %v; want %s", constraint, got, err, want)
		}
	}
}

func TestAnOverlongVersionCannotBeCompared(t *testing.T) {
	long := strings.Repeat("1.", 600) + "0"
	for way, r := range allRanges {
		if _, err := r.read(long); !errors.Is(err, errVersion) || len(err.Error()) > 400 {
			t.Errorf("%s: %v", way, err)
		}
	}
	for way, o := range allOrders {
		if _, err := o.read(long); !errors.Is(err, errVersion) {
			t.Errorf("%s: %v", way, err)
		}
		compare, err := o.read("1.0")
		if err != nil {
			t.Fatal(way, err)
		}
		if _, err := compare(long); err == nil {
			t.Errorf("%s compared with an overlong version", way)
		}
	}
}

func TestAPanicOfAComparerIsAnError(t *testing.T) {
	broken := ranges{parse: func(string) (func(string) (bool, error), error) {
		return func(constraint string) (bool, error) { return constraint[5] > 0, nil }, nil
	}}
	within, err := broken.read("1")
	if err != nil {
		t.Fatal(err)
	}
	if in, err := within("1"); in || err == nil {
		t.Error(in, err)
	}
	if _, err := (ranges{parse: func(string) (func(string) (bool, error), error) { panic("no") }}).read("1"); !errors.Is(err, errVersion) {
		t.Error(err)
	}
}

// Whatever stands where a version or a range should, a comparison ends soon, in
// an answer or in an error.
func FuzzVersions(f *testing.F) {
	for _, seed := range [][2]string{
		{"1.2.3", "<1.2.4"}, {"1:1.0-1", "2:2.0-1"}, {"1.0-r0", "1.0_p1-r2"}, {"v1.0.0+incompatible", ">=1.0.0, <2.0.0 || ~3"},
		{"1.0.RELEASE", "[1.0,2.0),(3,]"}, {"1!2.0rc1.post2.dev3+x", "~=2.0, !=2.1.*"}, {"6.0.0.rc1", "~> 5.2, >= 5.2.4"},
		{"", ""}, {"::::", "||||"}, {"9999999999999999999999", "<99999999999999999999999"}, {"x.*.X", "^x"}, {"\xff", "\x00"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, version, constraint string) {
		if len(constraint) > 1<<16 {
			t.Skip("ranges come from a database whose values are bounded")
		}
		begin := time.Now()
		for _, r := range allRanges {
			if within, err := r.read(version); err == nil {
				_, _ = within(constraint)
			}
		}
		for _, o := range allOrders {
			if compare, err := o.read(version); err == nil {
				_, _ = compare(constraint)
				_, _ = inRange(constraint, compare)
			}
		}
		_ = rpmText(constraint)
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
