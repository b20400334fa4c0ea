package match

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/advisories/advisoriestest"
	"github.com/prodgate/prodgate/scan/inventory"
)

// installed are n packages, half of them Debian's, of two binaries for each
// source, half of them npm's, in versions from 1.0.0 to 9.9.9.
func installed(n int) *inventory.Inventory {
	inv := &inventory.Inventory{Kind: inventory.KindImage, OS: &inventory.OS{Family: "debian", Name: "12.8"}}
	for i := range n {
		version := fmt.Sprintf("%d.%d.%d", 1+i%9, i/9%10, i/90%10)
		p := inventory.Package{Class: inventory.ClassLanguage, Type: "node-pkg", Name: advisoriestest.PackageName(i * 31 % 20_000), Version: version, Target: "Node.js"}
		if i%2 == 0 {
			source := advisoriestest.PackageName(i / 4 * 37 % 10_000)
			p = inventory.Package{Class: inventory.ClassOS, Type: "debian", Name: fmt.Sprint(source, "-", i), Version: version, Release: "1", SrcName: source, Target: "app (debian 12.8)"}
		}
		inv.Packages = append(inv.Packages, p)
	}
	return inv
}

// BenchmarkFind looks 500 packages up among 300,000 advisories, each time in a
// database that was opened for it.
func BenchmarkFind(b *testing.B) {
	advisoryCount, packageCount := 300_000, 500
	if testing.Short() {
		advisoryCount = 10_000
	}
	dir := os.Getenv("PRODGATE_BENCH_DB")
	if dir == "" {
		dir = b.TempDir()
		if err := advisoriestest.Generate(dir, today, advisoryCount); err != nil {
			b.Fatal(err)
		}
	}
	inv := installed(packageCount)
	b.ReportAllocs()
	b.ResetTimer()
	found := 0
	for b.Loop() {
		db, err := advisories.Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		got, err := Find(context.Background(), db, inv)
		if err != nil {
			b.Fatal(err)
		}
		found = len(got.Findings)
		db.Close()
	}
	if found == 0 {
		b.Fatal("nothing was found")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(packageCount), "ns/package")
	b.ReportMetric(float64(found), "findings")
}
