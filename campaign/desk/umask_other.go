//go:build !unix

package desk

func umask(int) int { return 0 }
