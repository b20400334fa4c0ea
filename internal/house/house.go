// Package house holds the tests about the house: which package may import
// which, what every package must say of itself, and that what is generated is
// current. It has no code of its own, and nothing may import it.
package house
