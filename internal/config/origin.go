package config

// Kind is the layer that a value comes from.
type Kind int

// The layers, from nobody to the strongest.
const (
	FromNobody Kind = iota
	FromDefault
	FromSettings // of the policies
	FromCI
	FromFile
	FromEnvironment
	FromFlag
)

// Origin says who gave a value. The zero Origin is Nobody.
type Origin struct {
	Kind  Kind
	Where string // --flag, VARIABLE, file:line
}

// Nobody is the origin of a value that was not given.
var Nobody = Origin{}

// String returns the origin as users know it: the flag, the variable, the file
// and line, "default" or "not set".
func (o Origin) String() string {
	switch o.Kind {
	case FromFlag, FromEnvironment, FromCI, FromFile, FromSettings:
		return o.Where
	case FromDefault:
		return "default"
	default:
		return "not set"
	}
}
