package sbom

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// cdx is a CycloneDX document with those components.
func cdx(components ...string) string {
	return `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[` + strings.Join(components, ",") + `]}`
}

// only reads the one SBOM in text.
func only(t *testing.T, text string) *inventory.Inventory {
	t.Helper()
	sboms, err := Read("sbom.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(sboms) != 1 {
		t.Fatalf("read %d SBOMs, want 1", len(sboms))
	}
	return sboms[0]
}

func read1(t *testing.T, name string) *inventory.Inventory {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	sboms, err := Read(name, raw)
	if err != nil || len(sboms) != 1 {
		t.Fatalf("%s: %d SBOMs, %v", name, len(sboms), err)
	}
	return sboms[0]
}

// lines are the packages and what was not read, one a line.
func lines(inv *inventory.Inventory) []string {
	var out []string
	for _, p := range inv.Packages {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s src=%s@%s arch=%s mod=%s target=%s file=%s", p.Type, p.Name, p.FullVersion(), p.SrcName, p.FullSrcVersion(), p.Arch, p.ModularityLabel, p.Target, p.FilePath)))
	}
	for _, u := range inv.Unread {
		out = append(out, fmt.Sprintf("unread %s %s: %s", u.Package, u.Version, u.Reason))
	}
	return out
}

func TestAnSBOMReadsTheSameInEveryForm(t *testing.T) {
	want := []string{
		"alpine busybox 1.36.1-r29 src=busybox@1.36.1-r29 arch=x86_64 mod= target=FILE (alpine 3.20.1) file=",
		"alpine ssl_client 1.36.1-r29 src=busybox@1.36.1-r29 arch=x86_64 mod= target=FILE (alpine 3.20.1) file=",
		"gobinary github.com/Azure/go-autorest v14.2.0 src=@v14.2.0 arch= mod= target=usr/bin/app file=",
		"jar org.example:core 1.0 src=@1.0 arch= mod= target=Java file=opt/app.jar",
		"unread mystery 1: it names no package URL, by which advisories are looked up",
	}
	for _, name := range []string{"all.cdx.json", "all.cdx.xml", "all.spdx.json", "all.spdx"} {
		inv := read1(t, name)
		var expected []string
		for _, line := range want {
			expected = append(expected, strings.ReplaceAll(line, "FILE", name))
		}
		got := lines(inv)
		if !reflect.DeepEqual(got, expected) {
			t.Errorf("%s reads\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(expected, "\n"))
		}
		if inv.Digest != digestA || inv.Platform != "linux/amd64" || inv.Kind != inventory.KindSBOM {
			t.Errorf("%s is about %q, %q, a %s", name, inv.Digest, inv.Platform, inv.Kind)
		}
	}
}

func TestComponentsBecomePackagesAsTrivyReadsThem(t *testing.T) {
	const properties = `"properties":[{"name":"aquasecurity:trivy:SrcName","value":"glibc"},{"name":"aquasecurity:trivy:SrcVersion","value":"2.36"},{"name":"aquasecurity:trivy:SrcRelease","value":"9"},{"name":"aquasecurity:trivy:SrcEpoch","value":"2"}]`
	tests := []struct {
		name      string
		component string
		want      string
	}{
		{"an rpm's version is taken apart, its epoch is a qualifier",
			`{"type":"library","name":"openssl-libs","purl":"pkg:rpm/centos/openssl-libs@1.0.2k-16.el7?arch=x86_64&epoch=1&distro=centos-7.6"}`,
			"centos openssl-libs 1:1.0.2k-16.el7 src=openssl-libs@1:1.0.2k-16.el7 arch=x86_64"},
		{"an rpm's epoch may stand in the version", `{"type":"library","name":"bind","purl":"pkg:rpm/redhat/bind@32:9.11-1.el8?distro=redhat-8.4"}`,
			"redhat bind 32:9.11-1.el8 src=bind@32:9.11-1.el8"},
		{"the source package stands in properties", `{"type":"library","name":"libc6","purl":"pkg:deb/debian/libc6@2.36-9?distro=debian-12.8",` + properties + `}`,
			"debian libc6 2.36-9 src=glibc@2:2.36-9"},
		{"a source package without version has the package's own", `{"type":"library","name":"libc6","purl":"pkg:deb/debian/libc6@2.36-9?epoch=1&distro=debian-12","properties":[{"name":"aquasecurity:trivy:SrcName","value":"glibc"}]}`,
			"debian libc6 1:2.36-9 src=glibc@1:2.36-9"},
		{"upstream names a source package", `{"type":"library","name":"libc6","purl":"pkg:deb/debian/libc6@2.36-9?distro=debian-12&upstream=glibc"}`,
			"debian libc6 2.36-9 src=glibc@2.36-9"},
		{"upstream names its version", `{"type":"library","name":"libgcc-s1","purl":"pkg:deb/debian/libgcc-s1@12-1?distro=debian-12&upstream=gcc-12%402:12.2.0-14"}`,
			"debian libgcc-s1 12-1 src=gcc-12@2:12.2.0-14"},
		{"upstream names a source rpm", `{"type":"library","name":"openssl-libs","purl":"pkg:rpm/photon/openssl-libs@3.0-1.ph4?distro=photon-4.0&epoch=1&upstream=openssl-3.0-1.ph4.src.rpm"}`,
			"photon openssl-libs 1:3.0-1.ph4 src=openssl@1:3.0-1.ph4"},
		{"a module's label is a qualifier", `{"type":"library","name":"npm","purl":"pkg:rpm/redhat/npm@6.14-1?distro=redhat-8.3&modularitylabel=nodejs:12:8030:229f"}`,
			"redhat npm 6.14-1 src=npm@6.14-1 mod=nodejs:12:8030:229f"},
		{"a module's label is a property", `{"type":"library","name":"npm","purl":"pkg:rpm/redhat/npm@6.14-1?distro=redhat-8.3","properties":[{"name":"aquasecurity:trivy:Modularitylabel","value":"nodejs:12:8030:229f"}]}`,
			"redhat npm 6.14-1 src=npm@6.14-1 mod=nodejs:12:8030:229f"},
		{"other tools call distributions otherwise", `{"type":"library","name":"bash","purl":"pkg:rpm/rhel/bash@5.1-6.el9?distro=rhel-9.4"}`, "redhat bash 5.1-6.el9 src=bash@5.1-6.el9"},
		{"a group of a distribution's package is no part of its name", `{"type":"library","group":"debian","name":"bash","purl":"pkg:deb/debian/bash@5?distro=debian-12"}`, "debian bash 5 src=bash@5"},
		{"group and artifact", `{"type":"library","group":"org.example","name":"core","purl":"pkg:maven/org.example/core@1.0"}`, "jar org.example:core 1.0 src=@1.0 target=Java"},
		{"a scope in the group", `{"type":"library","group":"@babel","name":"core","purl":"pkg:npm/%40babel/core@7.0.0"}`, "node-pkg @babel/core 7.0.0 src=@7.0.0 target=Node.js"},
		{"a scope in the name", `{"type":"library","name":"@babel/core","purl":"pkg:npm/%40babel/core@7.0.0"}`, "node-pkg @babel/core 7.0.0 src=@7.0.0 target=Node.js"},
		{"the component's spelling stays", `{"type":"library","name":"Flask_Cors","purl":"pkg:pypi/flask-cors@4"}`, "python-pkg Flask_Cors 4 src=@4 target=Python"},
		{"a module's path keeps its case", `{"type":"library","name":"github.com/Azure/go-autorest","purl":"pkg:golang/github.com/azure/go-autorest@v14.2.0"}`, "gobinary github.com/Azure/go-autorest v14.2.0 src=@v14.2.0"},
		{"a module's subpath", `{"type":"library","name":"github.com/a/b/v2","purl":"pkg:golang/github.com/a/b@v2.1.0#v2"}`, "gobinary github.com/a/b/v2 v2.1.0 src=@v2.1.0"},
		{"a pod's subspec", `{"type":"library","name":"GoogleUtilities","purl":"pkg:cocoapods/GoogleUtilities@7.5.2#NSData+zlib"}`, "cocoapods GoogleUtilities/NSData+zlib 7.5.2 src=@7.5.2"},
		{"a part of Kubernetes", `{"type":"application","name":"k8s.io/kubelet","purl":"pkg:k8s/k8s.io%2Fkubelet@1.27.0"}`, "kubernetes k8s.io/kubelet 1.27.0 src=@1.27.0 target=Kubernetes"},
		{"a part of somebody's Kubernetes", `{"type":"application","name":"kubelet","purl":"pkg:k8s/eks/kubelet@1.27.0"}`, "eks kubelet 1.27.0 src=@1.27.0"},
		{"a framework is a package", `{"type":"framework","name":"rails","purl":"pkg:gem/rails@7.0"}`, "gemspec rails 7.0 src=@7.0 target=Ruby"},
		{"a file with a package URL is one", `{"type":"file","name":"x.jar","purl":"pkg:maven/a/b@1"}`, "jar a:b 1 src=@1 target=Java"},
		{"the component's version where the URL has none", `{"type":"library","name":"left-pad","version":"1.3.0","purl":"pkg:npm/left-pad"}`, "node-pkg left-pad 1.3.0 src=@1.3.0 target=Node.js"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := only(t, cdx(tt.component))
			var got []string
			for _, line := range lines(inv) {
				line = strings.ReplaceAll(strings.TrimSuffix(line, " file="), " arch= ", " ")
				line = strings.ReplaceAll(strings.ReplaceAll(line, " mod= ", " "), " target=sbom.json ", " \x00")
				got = append(got, strings.TrimSuffix(strings.Split(line, " \x00")[0], " target="))
			}
			if len(got) != 1 || got[0] != tt.want {
				t.Errorf("reads\n%s\nwant\n%s", strings.Join(got, "\n"), tt.want)
			}
		})
	}
}

func TestPackagesThatCannotBeLookedUpAreNoted(t *testing.T) {
	const fine = `{"type":"library","name":"ok","purl":"pkg:npm/ok@1"}`
	tests := []struct {
		name      string
		component string
		want      string
	}{
		{"a broken package URL", `{"type":"library","name":"a","version":"1","purl":"npm/a@1"}`, "a 1: its package URL can't be read"},
		{"no package URL", `{"type":"library","name":"a","version":"1"}`, "a 1: it names no package URL"},
		{"an application without package URL", `{"type":"application","name":"go.etcd.io/etcd","version":"3"}`, "go.etcd.io/etcd 3: it names no package URL"},
		{"no version", `{"type":"library","name":"a","purl":"pkg:npm/a"}`, "a : it has no version"},
		{"an epoch for a version", `{"type":"library","name":"a","purl":"pkg:rpm/redhat/a@1%3A"}`, `a 1:: "1:" has an epoch or a release and no version`},
		{"a release for a version", `{"type":"library","name":"a","purl":"pkg:rpm/redhat/a@-1.el9"}`, `a -1.el9: "-1.el9" has an epoch or a release and no version`},
		{"a kind without advisories", `{"type":"library","name":"a","version":"1","purl":"pkg:generic/a@1"}`, "a 1: no advisories are known for packages of the type generic"},
		{"firmware", `{"type":"firmware","name":"a","version":"1"}`, `a 1: no advisories are known for components of the type "firmware"`},
		{"a type that nobody knows", `{"type":"toaster","name":"a","version":"1","purl":"pkg:npm/a@1"}`, `a 1: no advisories are known for components of the type "toaster"`},
		{"an image in the image", `{"type":"container","name":"registry.k8s.io/etcd","version":"3.5","purl":"pkg:oci/etcd@` + strings.Replace(digestA, ":", "%3A", 1) + `"}`, "registry.k8s.io/etcd 3.5: it is an image of its own"},
		{"a cluster of somebody unknown", `{"type":"application","name":"a","purl":"pkg:k8s/rke/a@1"}`, "a 1: no advisories are known for packages of the type k8s"},
		{"an epoch that is not a number", `{"type":"library","name":"a","purl":"pkg:rpm/centos/a@1-1?epoch=x"}`, `a 1-1: its epoch "x" is not a number`},
		{"a source's epoch that is not a number", `{"type":"library","name":"a","purl":"pkg:deb/debian/a@1-1","properties":[{"name":"aquasecurity:trivy:SrcEpoch","value":"x"}]}`, `a 1-1: the epoch "x" of its source package is not a number`},
		{"a package of another distribution", `{"type":"operating-system","name":"debian","version":"12"},{"type":"library","name":"a","purl":"pkg:rpm/centos/a@1-1"}`, "a 1-1: it is a package of the type rpm, and the distribution is debian"},
		{"two distributions", `{"type":"operating-system","name":"debian","version":"12"},{"type":"operating-system","name":"alpine","version":"3.20"}`, "alpine 3.20: the SBOM names two distributions"},
		{"a distribution without name", `{"type":"operating-system","version":"12"}`, "the distribution 12: the SBOM does not name it"},
		{"nothing to call it by", `{"type":"library"}`, "a component without name : it names no package URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := only(t, cdx(fine, tt.component))
			if len(inv.Unread) != 1 || !strings.HasPrefix(inv.Unread[0].Package+" "+inv.Unread[0].Version+": "+inv.Unread[0].Reason, tt.want) {
				t.Errorf("notes %+v, want %q", inv.Unread, tt.want)
			}
			if len(inv.Packages) != 1 || inv.Packages[0].Name != "ok" {
				t.Errorf("lists %+v, want the other package alone", inv.Packages)
			}
		})
	}
}

func TestAnEmptySBOMIsNotClean(t *testing.T) {
	for name, text := range map[string]string{
		"no component":      cdx(),
		"a distribution":    cdx(`{"type":"operating-system","name":"debian","version":"12"}`),
		"files":             cdx(`{"type":"file","name":"/etc/passwd"}`),
		"no components key": `{"bomFormat":"CycloneDX","specVersion":"1.5"}`,
		"an SPDX document":  `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3"}`,
		"tags":              "SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\n",
		"XML":               `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>`,
	} {
		inv := only(t, text)
		want := []finding.Undetermined{{Package: "sbom.json", Reason: "the SBOM lists no package that advisories could be looked up for"}}
		if !reflect.DeepEqual(inv.Unread, want) {
			t.Errorf("%s: notes %+v", name, inv.Unread)
		}
	}
	inv := only(t, `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"ok","purl":"pkg:npm/ok@1"}],"compositions":[{"aggregate":"incomplete_first_party_only"}]}`)
	if len(inv.Unread) != 1 || !strings.Contains(inv.Unread[0].Reason, "incomplete") {
		t.Errorf("an incomplete SBOM notes %+v", inv.Unread)
	}
}

func TestANameAndAURLThatDisagreeAreBothLookedUp(t *testing.T) {
	inv := only(t, cdx(`{"type":"library","name":"harmless","purl":"pkg:npm/lodash@4.0.0"}`))
	if len(inv.Packages) != 2 || inv.Packages[0].Name != "harmless" || inv.Packages[1].Name != "lodash" {
		t.Errorf("lists %+v, want both names", inv.Packages)
	}
}

func TestPackagesBelongToTheApplicationThatReachesThem(t *testing.T) {
	const lock = `{"bom-ref":"lock","type":"application","name":"app/Gemfile.lock","properties":[{"name":"aquasecurity:trivy:Type","value":"bundler"}]}`
	const a = `{"bom-ref":"a","type":"library","name":"a","purl":"pkg:gem/a@1"}`
	const b = `{"bom-ref":"b","type":"library","name":"b","purl":"pkg:gem/b@1"}`
	const npm = `{"bom-ref":"n","type":"library","name":"n","purl":"pkg:npm/n@1"}`
	text := `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[` + strings.Join([]string{a, b, npm, lock}, ",") + `],
		"dependencies":[{"ref":"lock","dependsOn":["a","n","gone"]},{"ref":"a","dependsOn":["b","a"]},{"ref":"b","dependsOn":["a","lock"]},{"ref":"a","dependsOn":["b"]}]}`
	got := lines(only(t, text))
	want := []string{
		"bundler a 1 src=@1 arch= mod= target=app/Gemfile.lock file=", "bundler b 1 src=@1 arch= mod= target=app/Gemfile.lock file=",
		"node-pkg n 1 src=@1 arch= mod= target=Node.js file=",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("reads\n%s", strings.Join(got, "\n"))
	}
}

func TestAClusterIsAnSBOMToo(t *testing.T) {
	inv := only(t, `{"bomFormat":"CycloneDX","specVersion":"1.5",
		"metadata":{"component":{"bom-ref":"c","type":"platform","name":"k8s.io/kubernetes","version":"1.27.0","purl":"pkg:k8s/k8s.io%2Fkubernetes@1.27.0","properties":[{"name":"aquasecurity:trivy:resource:Type","value":"cluster"}]}},
		"components":[
			{"type":"operating-system","name":"ubuntu","version":"22.04.2"},{"type":"operating-system","name":"ubuntu","version":"22.04.2"},
			{"type":"application","name":"node-core-components"},
			{"type":"platform","name":"minikube","properties":[{"name":"aquasecurity:trivy:Architecture","value":"arm64"}]},
			{"type":"application","name":"k8s.io/kubelet","version":"1.27.0","purl":"pkg:k8s/k8s.io%2Fkubelet@1.27.0","properties":[{"name":"aquasecurity:trivy:resource:Type","value":"node"}]},
			{"type":"application","name":"docker","version":"24.0.4","purl":"pkg:golang/docker@24.0.4"},
			{"type":"container","name":"registry.k8s.io/etcd","version":"`+digestA+`","purl":"pkg:oci/etcd@`+digestA+`?repository_url=registry.k8s.io%2Fetcd","properties":[{"name":"aquasecurity:trivy:PkgType","value":"oci"}]}]}`)
	want := []string{
		"gobinary docker 24.0.4 src=@24.0.4 arch= mod= target= file=",
		"kubernetes k8s.io/kubelet 1.27.0 src=@1.27.0 arch= mod= target=Kubernetes file=", "kubernetes k8s.io/kubernetes 1.27.0 src=@1.27.0 arch= mod= target=Kubernetes file=",
		"unread registry.k8s.io/etcd " + digestA + ": it is an image of its own, whose packages this SBOM does not list",
	}
	if got := lines(inv); !reflect.DeepEqual(got, want) || inv.OS == nil || inv.OS.Family != "ubuntu" || inv.Digest != "" {
		t.Errorf("reads %+v %+v\n%s", inv.OS, inv.Digest, strings.Join(got, "\n"))
	}
}

func TestComponentsInComponentsAreRead(t *testing.T) {
	inv := only(t, cdx(`{"bom-ref":"o","type":"library","name":"outer","purl":"pkg:npm/outer@1","components":[{"type":"library","name":"inner","purl":"pkg:npm/inner@1"}]}`))
	if len(inv.Packages) != 2 {
		t.Errorf("lists %+v, want outer and inner", inv.Packages)
	}
}

func TestWhatIsSaidToBeExternalIsReadToo(t *testing.T) {
	inv := only(t, cdx(`{"type":"library","name":"ok","purl":"pkg:npm/ok@1","isExternal":true}`))
	if len(inv.Packages) != 1 || inv.Packages[0].Name != "ok" {
		t.Errorf("read %+v", inv.Packages)
	}
}

func TestTheSameReferenceTwiceHidesNothing(t *testing.T) {
	inv := only(t, cdx(`{"bom-ref":"x","type":"library","name":"a","purl":"pkg:npm/a@1"}`, `{"bom-ref":"x","type":"library","name":"b","purl":"pkg:npm/b@1"}`, `{"bom-ref":"x","type":"library","name":"b","purl":"pkg:npm/b@1"}`))
	if len(inv.Packages) != 2 {
		t.Errorf("lists %+v, want a and b, once each", inv.Packages)
	}
}

func TestWhatRedHatsBuildsSayIsKept(t *testing.T) {
	inv := only(t, cdx(`{"type":"operating-system","name":"redhat","version":"8.4"}`,
		`{"type":"library","name":"a","purl":"pkg:rpm/redhat/a@1-1","properties":[{"name":"aquasecurity:trivy:ContentSet","value":"rhel-8-b"},{"name":"aquasecurity:trivy:ContentSet","value":"rhel-8-a"},{"name":"aquasecurity:trivy:NVR","value":"ubi8-container-8.4-1"},{"name":"aquasecurity:trivy:Arch","value":"x86_64"}]}`))
	if os := inv.OS; !reflect.DeepEqual(os.ContentSets, []string{"rhel-8-a", "rhel-8-b"}) || os.NVR != "ubi8-container-8.4-1-x86_64" {
		t.Errorf("reads %+v", os)
	}
}

// statement is an in-toto statement about the digests.
func statement(predicateType, predicate string, digests ...string) string {
	var subjects []string
	for _, d := range digests {
		subjects = append(subjects, fmt.Sprintf(`{"name":"x","digest":{"sha256":%q}}`, strings.TrimPrefix(d, "sha256:")))
	}
	return fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","subject":[%s],"predicateType":%q,"predicate":%s}`, strings.Join(subjects, ","), predicateType, predicate)
}

func envelope(statement string) string {
	return fmt.Sprintf(`{"payloadType":"application/vnd.in-toto+json","payload":%q,"signatures":[{"sig":""}]}`, base64.StdEncoding.EncodeToString([]byte(statement)))
}

func TestStatementsSayWhatTheirSBOMIsAbout(t *testing.T) {
	document := cdx(`{"type":"library","name":"ok","purl":"pkg:npm/ok@1"}`)
	quoted := fmt.Sprintf("%q", document)
	spdx := `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-1","name":"ok","externalRefs":[{"referenceCategory":"PACKAGE_MANAGER","referenceType":"purl","referenceLocator":"pkg:npm/ok@1"}]}]}`
	plain := envelope(statement("https://cyclonedx.org/bom", document, digestA))
	for name, text := range map[string]string{
		"a bare statement":         statement("https://cyclonedx.org/bom", document, digestA),
		"an envelope":              plain,
		"a line":                   plain + "\n",
		"base64 for URLs":          strings.Replace(plain, base64.StdEncoding.EncodeToString([]byte(statement("https://cyclonedx.org/bom", document, digestA))), base64.URLEncoding.EncodeToString([]byte(statement("https://cyclonedx.org/bom", document, digestA))), 1),
		"cosign of old":            envelope(statement("https://cyclonedx.org/schema", `{"Data":`+document+`,"Timestamp":""}`, digestA)),
		"cosign's text":            envelope(statement("https://cyclonedx.org/bom/v1.4", `{"Data":`+quoted+`}`, digestA)),
		"SPDX":                     envelope(statement("https://spdx.dev/Document", spdx, digestA)),
		"SPDX with its version":    envelope(statement("https://spdx.dev/Document/v2.3", spdx, digestA)),
		"a Sigstore bundle":        `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{},"dsseEnvelope":` + plain + `}`,
		"beside another statement": envelope(statement("https://slsa.dev/provenance/v1", `{}`, digestA)) + "\n" + plain,
	} {
		inv := only(t, text)
		if inv.Digest != digestA || len(inv.Packages) != 1 || len(inv.Unread) != 0 {
			t.Errorf("%s: about %q, lists %+v, notes %+v", name, inv.Digest, inv.Packages, inv.Unread)
		}
	}
	sboms, err := Read("x", []byte(statement("https://cyclonedx.org/bom", document, digestB, digestA, digestB)))
	if err != nil || len(sboms) != 2 || sboms[0].Digest != digestA || sboms[1].Digest != digestB {
		t.Errorf("two subjects give %+v, %v", sboms, err)
	}
	sboms, err = Read("x", []byte(plain+"\n\n"+envelope(statement("https://cyclonedx.org/bom", document, digestB))+"\n"))
	if err != nil || len(sboms) != 2 || sboms[1].Digest != digestB {
		t.Errorf("two lines give %+v, %v", sboms, err)
	}
}

func TestAnSBOMAndItsStatementThatDisagreeAreNoted(t *testing.T) {
	document := `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"type":"container","name":"app","version":"` + digestB + `"}},"components":[{"type":"library","name":"ok","purl":"pkg:npm/ok@1"}]}`
	inv := only(t, statement("https://cyclonedx.org/bom", document, digestA))
	if inv.Digest != digestA || len(inv.Unread) != 1 || !strings.Contains(inv.Unread[0].Reason, digestB) {
		t.Errorf("about %s, notes %+v", inv.Digest, inv.Unread)
	}
}

func TestTheSubjectOfAnSBOMIsRead(t *testing.T) {
	for name, root := range map[string]string{
		"a package URL":                   `{"type":"container","name":"app","purl":"pkg:oci/app@` + digestA + `?arch=amd64"}`,
		"Trivy's property":                `{"type":"container","name":"app","properties":[{"name":"aquasecurity:trivy:RepoDigest","value":"ghcr.io/app@` + digestA + `"}]}`,
		"a version":                       `{"type":"container","name":"app","version":"` + digestA + `"}`,
		"a hash":                          `{"type":"container","name":"app","hashes":[{"alg":"SHA-256","content":"` + strings.TrimPrefix(digestA, "sha256:") + `"}]}`,
		"the same twice":                  `{"type":"container","name":"app","purl":"pkg:oci/app@` + digestA + `","properties":[{"name":"aquasecurity:trivy:RepoDigest","value":"ghcr.io/app@` + digestA + `"}]}`,
		"but not an image's identifier":   `{"type":"container","name":"app","properties":[{"name":"aquasecurity:trivy:ImageID","value":"` + digestA + `"}]}`,
		"but not the hash of a mere file": `{"type":"file","name":"app","hashes":[{"alg":"SHA-256","content":"` + strings.TrimPrefix(digestA, "sha256:") + `"}]}`,
	} {
		inv := only(t, `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":`+root+`},"components":[{"type":"library","name":"ok","purl":"pkg:npm/ok@1"}]}`)
		want := digestA
		if strings.HasPrefix(name, "but not") {
			want = ""
		}
		if inv.Digest != want || len(inv.Unread) != 0 {
			t.Errorf("%s: about %q, notes %+v", name, inv.Digest, inv.Unread)
		}
	}
}

func TestAnSBOMOfAnotherImageIsRefused(t *testing.T) {
	about := func(d string) *inventory.Inventory { return &inventory.Inventory{Digest: d} }
	if err := Check(about(digestA), digestB, digestA); err != nil {
		t.Error(err)
	}
	if err := Check(about(digestA), digestB); err == nil || !strings.Contains(err.Error(), digestA) || !strings.Contains(err.Error(), digestB) {
		t.Errorf("the error is %v, want both digests in it", err)
	}
	if err := Check(about(""), digestB); err == nil || !strings.Contains(err.Error(), "does not say") {
		t.Errorf("the error is %v", err)
	}
	if err := Check(about(""), ""); err == nil {
		t.Error("no digest passes for no digest")
	}
}

func TestAPackedSBOMIsRead(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(cdx(`{"type":"library","name":"ok","purl":"pkg:npm/ok@1"}`))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if inv := only(t, packed.String()); len(inv.Packages) != 1 || len(inv.Unread) != 0 {
		t.Errorf("lists %+v, notes %+v", inv.Packages, inv.Unread)
	}
}

func TestWhatIsNotAnSBOMIsAnError(t *testing.T) {
	document := cdx(`{"type":"library","name":"ok","purl":"pkg:npm/ok@1"}`)
	tests := []struct {
		name, text, want string
	}{
		{"nothing", "", "it is empty"},
		{"white space", " \n", "it is empty"},
		{"words", "hello: world", "not an SBOM"},
		{"a packing that is not read", "\xfd7zXZ\x00\x00\x04", "it is packed (xz): unpack it first"},
		{"gzip that is cut off", "\x1f\x8b\x08\x00", "unpack it (gzip)"},
		{"HTML", "<html></html>", "not an SBOM"},
		{"an array", "[]", "not an SBOM"},
		{"another JSON", "{}", "not an SBOM"},
		{"another format", `{"bomFormat":"other"}`, `bomFormat is "other"`},
		{"a version to come", `{"bomFormat":"CycloneDX","specVersion":"2.0"}`, `it is CycloneDX "2.0", and 1.0, 1.1`},
		{"no version", `{"bomFormat":"CycloneDX"}`, `it is CycloneDX ""`},
		{"an XML version to come", `<bom xmlns="http://cyclonedx.org/schema/bom/9.9"/>`, `it is CycloneDX "9.9"`},
		{"an SPDX version to come", `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.9"}`, `it is SPDX "SPDX-2.9", and SPDX-2.1`},
		{"SPDX 3", `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}`, "it is SPDX 3"},
		{"cut short", document[:len(document)-1], "it ends too early"},
		{"cut in a string", document[:10], "a string does not end"},
		{"a key twice", strings.Replace(document, `"components"`, `"components":[],"\u0063omponents"`, 1), `the key "components" appears twice`},
		{"a key twice, in other case", strings.Replace(document, `"components"`, `"components":[],"Component\u017f"`, 1), `the key "Componentſ" appears twice`},
		{"of another type", `{"bomFormat":"CycloneDX","specVersion":"1.6","components":{}}`, "not CycloneDX"},
		{"deep", `{"a":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`, "nests more than 200 deep"},
		{"a line that is damaged", envelope(statement("https://cyclonedx.org/bom", document, digestA)) + "\n" + `{"payloadType":"application/vnd.in-toto+json","payload":"`, "line 2"},
		{"a line that is none", envelope(statement("https://cyclonedx.org/bom", document, digestA)) + "\nx", "line 2"},
		{"another payload", `{"payloadType":"text/plain","payload":""}`, `payloadType is "text/plain"`},
		{"not base64", `{"payloadType":"application/vnd.in-toto+json","payload":"*"}`, "not base64"},
		{"no statement", envelope(document), "not an in-toto statement"},
		{"provenance", envelope(statement("https://slsa.dev/provenance/v1", "{}", digestA)), "carries no SBOM"},
		{"no predicate", envelope(statement("https://cyclonedx.org/bom", "null", digestA)), "not an SBOM"},
		{"an envelope in an envelope", envelope(statement("https://cyclonedx.org/bom", envelope(statement("https://cyclonedx.org/bom", envelope(statement("https://cyclonedx.org/bom", envelope(statement("https://cyclonedx.org/bom", document, digestA)), digestA)), digestA)), digestA)), "wrapped more than three times"},
		{"text without end", "SPDXVersion: SPDX-2.3\nPackageComment: <text>\n", "line 2: <text> does not end"},
		{"half a relationship", "SPDXVersion: SPDX-2.3\nRelationship: a b\n", `line 2: "a b" is not a relationship`},
		{"too many objects", `{"components":[` + strings.Repeat("{},", maxObjects) + "{}]}", "more than 2000000 objects"},
		{"too many values", `{"a":[` + strings.Repeat("0,", maxValues+1) + "0]}", "more than 10000000 values"},
		{"too many elements", "<bom>" + strings.Repeat("<a/>", maxElements) + "</bom>", "more than 3000000 elements"},
		{"too many packages", "SPDXVersion: SPDX-2.3\n" + strings.Repeat("PackageName: a\n", maxComponents+1), "more than 500000 packages"},
		{"too large", strings.Repeat(" ", MaxSize+1), "more than 100 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Read("x", []byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), `read SBOM "x"`) {
				t.Errorf("the error is %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestKnownSBOMsReadAsTheirReportsSay(t *testing.T) {
	dir := shared(t, "trivy/sbom")
	for name, want := range map[string][]string{
		"centos-7-cyclonedx.json":                   {"centos bash 4.2.46-31.el7 bash 4.2.46-31.el7", "centos openssl-libs 1:1.0.2k-16.el7 openssl 1:1.0.2k-16.el7"},
		"centos-7-spdx.json":                        {"centos bash 4.2.46-31.el7 bash 4.2.46-31.el7", "centos openssl-libs 1:1.0.2k-16.el7 openssl-libs 1:1.0.2k-16.el7"},
		"fluentd-multiple-lockfiles-cyclonedx.json": {"debian bash 5.0-4 bash 5.0-4", "debian libidn2-0 2.0.5-1 libidn2 2.0.5-1", "gemspec activesupport 6.0.2.1  6.0.2.1"},
	} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		sboms, err := Read(name, raw)
		if err != nil || len(sboms) != 1 || len(sboms[0].Unread) > 0 {
			t.Errorf("%s: %+v, %v", name, sboms, err)
			continue
		}
		var got []string
		for _, p := range sboms[0].Packages {
			got = append(got, strings.Join([]string{p.Type, p.Name, p.FullVersion(), p.SrcName, p.FullSrcVersion()}, " "))
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s lists %q, want %q", name, got, want)
		}
	}
}

// shared is a folder of the project's shared material, which a user may not have.
func shared(t *testing.T, path string) string {
	t.Helper()
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		found := filepath.Join(dir, "shared", filepath.FromSlash(path))
		if _, err := os.Stat(found); err == nil {
			return found
		}
	}
	t.Skipf("shared/%s is not above this folder: known SBOMs are not read", path)
	return ""
}
