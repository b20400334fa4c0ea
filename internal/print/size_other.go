//go:build !unix

package print

import "os"

// terminalColumns is 0: the width is not known on this system.
func terminalColumns(*os.File) int { return 0 }
