//go:build linux || darwin || freebsd

package node

import "syscall"

// diskSpace returns how many bytes the disk of a folder has free for us, and in all.
func diskSpace(dir string) (free, total uint64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, 0, err
	}
	size := uint64(s.Bsize)
	return uint64(s.Bavail) * size, uint64(s.Blocks) * size, nil
}
