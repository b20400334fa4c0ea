package vex

import "time"

// Statement is what a VEX document says about one vulnerability in one product.
// Status, Justification and Author are kept as written; only exactly not_affected
// and fixed suppress a finding. The fields are those of facts.Statement in the same
// order, so that the two convert into each other.
type Statement struct {
	ID            string
	Product       string  // as the document names it, mostly a package URL
	Digest        *string // the product's; nil: not named by digest
	PURL          *string // the package in the product; nil: the product as a whole
	Status        string
	Justification *string
	Author        *string
	Timestamp     *time.Time // when the statement was made, in the document's zone
	ExpiresAt     *time.Time // nil: does not expire; no format that is read sets it
	Source        string     // the document's name, as given to Read
	VerifiedBy    *string    // nil: Read does not verify signatures
}
