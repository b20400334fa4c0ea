package evaluator

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// forbidden are the built-in functions whose result does not depend only on the
// document: network, clock, randomness, the machine. A name that ends in a dot
// is a family.
var forbidden = []string{
	"http.send", "net.", "opa.runtime", "rand.", "time.now_ns", "trace", "uuid.rfc4122",
	"io.jwt.encode_sign", "io.jwt.encode_sign_raw", "io.jwt.decode_verify",
	"providers.aws.sign_req",
	"crypto.x509.parse_and_verify_certificates", "crypto.x509.parse_and_verify_certificates_with_options", // by the machine's clock
}

// Capabilities are those of this OPA without what would let a decision depend
// on anything but its document. "prodgate schema capabilities" prints them for
// "opa check --capabilities".
func Capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.AllowNet = []string{} // nil would mean any host
	c.Builtins = slices.DeleteFunc(slices.Clone(c.Builtins), func(b *ast.Builtin) bool {
		return slices.ContainsFunc(forbidden, func(name string) bool {
			return b.Name == name || strings.HasSuffix(name, ".") && strings.HasPrefix(b.Name, name)
		})
	})
	return c
}
