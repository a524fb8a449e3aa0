//go:build unix

package desk

import "syscall"

// umask sets the process's file mode mask and gives back the old one: a socket
// has no mode argument, and a moment of 0755 would be a moment too many.
func umask(mask int) int { return syscall.Umask(mask) }
