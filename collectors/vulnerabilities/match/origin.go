package match

import (
	"slices"
	"strings"

	"github.com/prodgate/prodgate/collectors/vulnerabilities/inventory"
)

// vendors are those that rpm packages of the distributions name, at the start.
var vendors = []string{
	"Amazon Linux", "Amazon.com", "CentOS", "Fedora Project", "Oracle America", "Red Hat", "AlmaLinux", "CloudLinux",
	"VMware", "SUSE", "openSUSE", "Microsoft Corporation", "Rocky",
}

// publishers are parts of the maintainers that Debian packages from other
// repositories than the distribution's name.
var publishers = []string{
	"support@docker.com", "@nvidia.com", "Google Cloud CLI Authors", "sapmachine@sap.com", "@hashicorp.com",
	"@microsoft.com", "@mongodb.com", "developers@lists.mariadb.org", "dev@couchdb.apache.org", "info@elastic.co",
	"nginx-packaging@f5.com", "@konghq.com", "@cloudflare.com", "support@influxdb.com", "support@gitlab.com",
	"contact@grafana.com", "@datadoghq.com", "@nodesource.com", "info@tailscale.com", "@openrobotics.org",
	"@osrfoundation.org",
}

// shortPublishers are such maintainers, in full.
var shortPublishers = []string{"GitHub", "HashiCorp"}

// foreign says why a package is none of the distribution's; "": it is one, or
// nobody can tell. Only an image tells: the supplier that a bill of materials
// names is whoever wrote it.
func foreign(p *inventory.Package, kind inventory.Kind) string {
	if kind != inventory.KindImage {
		return ""
	}
	switch format(p.Type) {
	case "rpm":
		if p.Vendor == "" && !strings.Contains(p.Release, "amzn") {
			return "it names no vendor and so is from another repository"
		}
		if p.Vendor != "" && !slices.ContainsFunc(vendors, func(v string) bool { return strings.HasPrefix(p.Vendor, v) }) {
			return "it is from another repository (" + shortened(p.Vendor) + ")"
		}
	case "deb":
		if slices.Contains(shortPublishers, p.Vendor) ||
			slices.ContainsFunc(publishers, func(v string) bool { return strings.Contains(p.Vendor, v) }) {
			return "it is from another repository (" + shortened(p.Vendor) + ")"
		}
	}
	return ""
}

// format is that of a distribution's packages.
func format(kind string) string {
	kind = family(&inventory.OS{Family: kind})
	switch kind {
	case "debian", "ubuntu", "echo":
		return "deb"
	case "redhat", "centos":
		return "rpm"
	}
	if distributions[kind].rpm {
		return "rpm"
	}
	return ""
}
