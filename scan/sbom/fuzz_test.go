package sbom

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// sound reads content twice, without the net that Read hangs under the readers,
// and fails where an SBOM says nothing, or not the same twice.
func sound(t *testing.T, content []byte) {
	t.Helper()
	sboms, err := read("sbom", content)
	if err != nil {
		return
	}
	if len(sboms) == 0 {
		t.Fatal("neither an SBOM nor an error")
	}
	for _, inv := range sboms {
		if len(inv.Packages) == 0 && len(inv.Unread) == 0 {
			t.Fatal("an SBOM that lists nothing passes for a clean one")
		}
		for _, p := range inv.Packages {
			if p.Name == "" || p.Version == "" && p.Release == "" || p.Type == "" || p.Class == "" {
				t.Fatalf("a package without name, version or type: %+v", p)
			}
		}
		for _, u := range inv.Unread {
			if u.Package == "" || u.Reason == "" {
				t.Fatalf("a note without package or reason: %+v", u)
			}
		}
		if inv.Digest != "" && !digestShape.MatchString(inv.Digest) {
			t.Fatalf("%q is no digest", inv.Digest)
		}
	}
	again, err := read("sbom", bytes.Clone(content))
	if err != nil || !reflect.DeepEqual(sboms, again) {
		t.Fatalf("read twice, it is not the same: %v", err)
	}
}

// Seeds are small: Go's fuzzer spends its time on making large ones smaller.

func FuzzCycloneDX(f *testing.F) {
	f.Add([]byte(cdx(`{"bom-ref":"o","type":"operating-system","name":"alpine","version":"3.20"}`, `{"bom-ref":"a","type":"library","name":"a","purl":"pkg:apk/alpine/a@1?distro=3.20","properties":[{"name":"aquasecurity:trivy:SrcName","value":"b"}]}`)))
	f.Add([]byte(cdx(`{"type":"library","name":"a","purl":"pkg:npm/a@1","components":[{}]}`)))
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"type":"container","version":"` + digestA + `"}},"dependencies":[{"ref":"a","dependsOn":["a"]}]}`))
	f.Fuzz(sound)
}

func FuzzCycloneDXInXML(f *testing.F) {
	f.Add([]byte(`<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components><component bom-ref="a" type="library"><name>a</name><purl>pkg:npm/a@1</purl></component></components><dependencies><dependency ref="a"><dependency ref="a"/></dependency></dependencies></bom>`))
	f.Fuzz(sound)
}

func FuzzSPDX(f *testing.F) {
	f.Add([]byte(`{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-1","name":"a","sourceInfo":"built package from: b 1","externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:deb/debian/a@1"}],"annotations":[{"comment":"SrcName: b"}]}]}`))
	f.Add([]byte(`{"spdxVersion":"SPDX-2.2","packages":[{"SPDXID":"SPDXRef-OperatingSystem-1","name":"alpine","versionInfo":"3"}],"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-1"}]}`))
	f.Fuzz(sound)
}

func FuzzTagValue(f *testing.F) {
	f.Add([]byte("SPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: SPDXRef-1\nExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1\nSPDXREF: SPDXRef-1\nAnnotationComment: <text>Type: x\n</text>\nRelationship: a CONTAINS b\n"))
	f.Fuzz(sound)
}

func FuzzStatement(f *testing.F) {
	document := cdx(`{"type":"library","name":"ok","purl":"pkg:npm/ok@1"}`)
	f.Add([]byte(statement("https://cyclonedx.org/bom", document, digestA, digestB)))
	f.Add([]byte(statement("https://cyclonedx.org/bom", `{"Data":`+document+`}`, digestA)))
	f.Fuzz(func(t *testing.T, content []byte) {
		sound(t, content)
		sound(t, []byte(envelope(string(content))))
		sound(t, []byte(envelope(string(content))+"\n"+envelope(string(content))))
	})
}

func FuzzPackageURL(f *testing.F) {
	for _, purl := range []string{
		"pkg:rpm/centos/openssl-libs@1.0.2k-16.el7?arch=x86_64&epoch=1&distro=centos-7.6", "pkg:deb/debian/libc6@2.36-9?upstream=glibc%402",
		"pkg:oci/app@" + digestA + "?arch=amd64", "pkg:golang/a/b@v1#v2", "pkg:cocoapods/A@1#B", "pkg:k8s/k8s.io%2Fkubelet@1", "pkg:rpm/a@1?upstream=-.src.rpm",
	} {
		f.Add("name", "group", purl, "1", "SrcEpoch")
	}
	f.Fuzz(func(t *testing.T, name, group, purl, version, property string) {
		raw, err := json.Marshal(map[string]any{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []any{map[string]any{
			"type": "library", "name": name, "group": group, "purl": purl, "version": version,
			"properties": []any{map[string]string{"name": namespace + property, "value": version}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		sound(t, raw)
	})
}

func FuzzShape(f *testing.F) {
	f.Add([]byte(`{"a":{"b":"\""},"c":[1] , "d":"," }`))
	f.Fuzz(func(t *testing.T, content []byte) {
		outer, err := shape(content)
		if err != nil || !json.Valid(content) || len(content) == 0 || content[0] != '{' {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(content, &want); err != nil {
			t.Fatalf("%q passes, and is no object", content)
		}
		if len(want) != len(outer) {
			t.Fatalf("%q has %d keys, and %d were seen", content, len(want), len(outer))
		}
		for key, value := range want {
			if got, ok := outer[key]; !ok || !bytes.Equal(bytes.TrimSpace(got), bytes.TrimSpace(value)) {
				t.Fatalf("%q: %q is %q, and was read as %q", content, key, value, got)
			}
		}
	})
}
