//go:build !(linux || darwin || freebsd)

package node

import "errors"

// diskSpace is not known on this system.
func diskSpace(string) (free, total uint64, err error) { return 0, 0, errors.ErrUnsupported }
