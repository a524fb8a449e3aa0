package lab

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// CDRRow is one call detail record, times to the microsecond.
type CDRRow struct {
	Account     string // the phone that dialled
	Src         string // caller's number as the exchange saw it: P-Asserted-Identity, else the account
	Dst         string // number dialled
	CallerID    string
	Channel     string
	DstChannel  string
	LastApp     string
	LastData    string
	Start       time.Time
	Answer      time.Time // zero if it was not answered
	End         time.Time
	Duration    time.Duration
	Billed      time.Duration
	Disposition string // ANSWERED, NO ANSWER, BUSY, CONGESTION, FAILED
	UniqueID    string
	LinkedID    string
	UserField   string // fate "digits": what was dialled
	CallID      string // Call-ID of the caller's INVITE
}

// cdrFields are the columns of log/cdr-custom/lab.csv, as arguments of the
// dialplan function CDR. u: unformatted, with microseconds; f: with fractions.
func cdrFields() []string {
	return []string{
		"accountcode", "src", "dst", "clid", "channel", "dstchannel", "lastapp", "lastdata",
		"start,u", "answer,u", "end,u", "duration,f", "billsec,f",
		"disposition", "uniqueid", "linkedid", "userfield", "sipcallid",
	}
}

// CDR returns the rows written so far, in the order in which calls ended.
func (l *Lab) CDR() ([]CDRRow, error) {
	data, err := os.ReadFile(filepath.Join(l.dir, "log", "cdr-custom", "lab.csv"))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	// A row that is just being written has no end yet.
	data = data[:bytes.LastIndexByte(data, '\n')+1]
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = len(cdrFields())
	lines, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("call detail records: %w", err)
	}
	rows := make([]CDRRow, 0, len(lines))
	for n, f := range lines {
		row, err := parseRow(f)
		if err != nil {
			return nil, fmt.Errorf("call detail records, line %d: %w", n+1, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func parseRow(f []string) (CDRRow, error) {
	row := CDRRow{
		Account: f[0], Src: f[1], Dst: f[2], CallerID: f[3], Channel: f[4], DstChannel: f[5],
		LastApp: f[6], LastData: f[7], Disposition: f[13], UniqueID: f[14], LinkedID: f[15],
		UserField: f[16], CallID: f[17],
	}
	for i, to := range []*time.Time{&row.Start, &row.Answer, &row.End} {
		at, err := parseDuration(f[8+i])
		if err != nil {
			return row, err
		}
		if at > 0 {
			*to = time.Unix(0, int64(at))
		}
	}
	for i, to := range []*time.Duration{&row.Duration, &row.Billed} {
		var err error
		if *to, err = parseDuration(f[11+i]); err != nil {
			return row, err
		}
	}
	return row, nil
}

// parseDuration reads seconds with at most nine decimals, exactly.
func parseDuration(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	whole, part, _ := strings.Cut(s, ".")
	part = (part + "000000000")[:9]
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, err
	}
	nano, err := strconv.ParseInt(part, 10, 64)
	return time.Duration(sec)*time.Second + time.Duration(nano), err
}

// WaitCDR waits until at least n rows are written and returns them all.
func (l *Lab) WaitCDR(n int, timeout time.Duration) ([]CDRRow, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var rows []CDRRow
	var failed error
	err := l.poll(ctx, 20*time.Millisecond, func() bool {
		rows, failed = l.CDR()
		return failed != nil || len(rows) >= n
	})
	if failed != nil {
		return nil, failed
	}
	if err != nil {
		return rows, fmt.Errorf("%d call detail records instead of %d: %w", len(rows), n, err)
	}
	return rows, nil
}

// MasterCSV is Asterisk's own plain file of the same records.
func (l *Lab) MasterCSV() string { return filepath.Join(l.dir, "log", "cdr-csv", "Master.csv") }
