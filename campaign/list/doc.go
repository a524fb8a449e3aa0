// Package list brings call lists and do-not-call lists in, and call lists out:
// CSV as people and their programs write it, and XLSX, to records with
// normalised numbers.
//
//	file ── encoding, separator, quotes ──▶ cells ── header ──▶ record(s) of a row ──▶ sink
//	                                          │ bad: reported with line, column, reason and cure; the rest goes in
//
// Files are hostile: lines, cells and sheets have limits, and nothing is read
// into memory whole that may be large.
//
// Begin reading in import.go; columns.go knows what headers mean, csv.go and
// the workbook's file what stands in them.
package list
