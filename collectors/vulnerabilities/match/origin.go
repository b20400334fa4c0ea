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

// foreign says why a package of an image's distribution is none of its own; "":
// it is one, or nobody can tell. Only an image tells: the supplier that a bill
// of materials names is whoever wrote it.
func foreign(p *inventory.Package, inv *inventory.Inventory) string {
	if inv.Kind != inventory.KindImage {
		return ""
	}
	name := family(inv.OS)
	switch format(name) {
	case "rpm":
		// The list of an Azure Linux image without package manager names no vendors.
		silent := strings.Contains(p.Release, "amzn") || name == "azurelinux" || name == "cbl-mariner"
		if p.Vendor == "" && !silent {
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

// format is that of a family's packages, where they say whose they are.
func format(family string) string {
	switch family {
	case "debian", "ubuntu", "echo":
		return "deb"
	case "redhat", "centos":
		return "rpm"
	}
	if distributions[family].rpm {
		return "rpm"
	}
	return ""
}
