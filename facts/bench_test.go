package facts

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// typical is a document as long as real ones are, 15 KB.
func typical(b *testing.B) []byte {
	b.Helper()
	d := parsed(b, valid(b)).Document()
	scan := &d.Vulnerabilities.Scans[0]
	for range 40 {
		scan.Findings = append(scan.Findings, scan.Findings[0])
	}
	data := bytes.NewBuffer(nil)
	if err := json.Indent(data, marshal(b, d), "", "  "); err != nil {
		b.Fatal(err)
	}
	return data.Bytes()
}

// BenchmarkParse measures the reading of a document beside what it could be
// done with instead (docs/adr/0002-schema-validation.md).
func BenchmarkParse(b *testing.B) {
	data := typical(b)
	run := func(name string, read func() error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("facts", func() error { _, err := Parse("typical.json", data); return err })
	run("encoding-json", func() error { return json.Unmarshal(data, new(Document)) })
	schema := judge(b)
	run("jsonschema", func() error {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return err
		}
		return schema.Validate(v)
	})
}
