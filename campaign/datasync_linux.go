package campaign

import (
	"os"
	"syscall"
)

// datasync brings a file's bytes to the disk, and its length where that has
// changed: without its times.
func datasync(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return err
		}
	}
}
