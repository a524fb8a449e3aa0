package configs

import (
	"embed"
	"io/fs"
)

//go:embed sample
var sampleFiles embed.FS

// Sample is the practice campaign of `freiton demo`: sample.yaml, the list
// sample.csv with a record for every fate of the practice exchange, and what
// the campaign names beside them.
func Sample() fs.FS {
	files, err := fs.Sub(sampleFiles, "sample")
	if err != nil {
		panic(err) // the embedded folder has a name of ours
	}
	return files
}
