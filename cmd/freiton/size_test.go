package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/store/postgres/pgtest"
	"github.com/freiton/freiton/sip/peer"
)

// bigFile writes a call list of n lines; told is called after each tenth.
func bigFile(w io.Writer, n int, told func(lines int)) error {
	out := bufio.NewWriter(w)
	_, _ = out.WriteString("Kundennummer;Name;Telefon;Ort;PLZ\n")
	for i := range n {
		fmt.Fprintf(out, "K%d;Vorname%d Nachname%d;0171%07d;Köln;50667\n", i, i%2000, i%50_000, i)
		if (i+1)%max(n/10, 1) == 0 {
			told(i + 1)
		}
	}
	return out.Flush()
}

// mostMemory is the most memory the process has had, in MiB.
func mostMemory() (mib float64) {
	text, _ := os.ReadFile("/proc/self/status")
	if _, after, ok := strings.Cut(string(text), "VmHWM:"); ok {
		_, _ = fmt.Sscan(after, &mib)
	}
	return mib / 1024
}

// BenchmarkBigList imports a million records (or FREITON_RECORDS) as list
// import does, telling how far it is, and then asks the API for the lists, for
// pages at the beginning and in the middle, and for the whole as a file.
func BenchmarkBigList(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) { bigList(b, kind == "postgres") })
	}
}

func bigList(b *testing.B, shared bool) {
	n := 1_000_000
	if text := os.Getenv("FREITON_RECORDS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	client := bigDesk(b, shared)
	ctx := b.Context()
	for round := 1; b.Loop(); round++ {
		list := "/api/v1/lists/big-" + strconv.Itoa(round)
		took := importBig(b, client, list, n)
		b.ReportMetric(float64(n)/took.Seconds(), "import/s")
		b.ReportMetric(mostMemory(), "peak-MiB")
		var pages []time.Duration
		for i := range 200 {
			var page desk.ListPage
			begin := time.Now()
			err := client.Get(ctx, fmt.Sprintf("%s/page?after=%d", list, i*7919%max(n-100, 1)), &page)
			if pages = append(pages, time.Since(begin)); err != nil || len(page.Records) != 100 {
				b.Fatal(len(page.Records), err)
			}
		}
		slices.Sort(pages)
		b.ReportMetric(float64(pages[len(pages)/2].Microseconds())/1000, "page-p50-ms")
		b.ReportMetric(float64(pages[len(pages)*99/100].Microseconds())/1000, "page-p99-ms")
		begin := time.Now()
		var lists []desk.ListSummary
		if err := client.Get(ctx, "/api/v1/lists", &lists); err != nil || len(lists) != round || lists[round-1].Records != n {
			b.Fatal(lists, err)
		}
		b.ReportMetric(float64(time.Since(begin).Milliseconds()), "lists-ms")
		begin = time.Now()
		r, err := client.Do(ctx, http.MethodGet, list+"/records", "", nil)
		if err != nil {
			b.Fatal(err)
		}
		size, err := io.Copy(io.Discard, r)
		if err = cmp.Or(err, r.Close()); err != nil || size < int64(n) {
			b.Fatal(size, err)
		}
		b.ReportMetric(float64(n)/time.Since(begin).Seconds(), "export/s")
	}
}

// importBig sends the file as it is made, so that it is never whole in memory.
func importBig(b *testing.B, client *desk.Client, list string, n int) time.Duration {
	begin := time.Now()
	in, out := io.Pipe()
	go func() { // ends with the file, or with the reader
		_ = out.CloseWithError(bigFile(out, n, func(lines int) {
			fmt.Fprintf(os.Stderr, "%d of %d lines after %.1f s, %.0f MiB at most\n", lines, n, time.Since(begin).Seconds(), mostMemory())
		}))
	}()
	r, err := client.Do(b.Context(), http.MethodPost, list+"/records", "text/csv", in)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	var res desk.ImportResult
	if err := decodeInto(&res)(r); err != nil || res.Imported != n {
		b.Fatalf("%+v, %v", res, err)
	}
	return time.Since(begin)
}

// bigDesk is the API over an empty store of its own.
func bigDesk(b *testing.B, shared bool) *desk.Client {
	_, cfg := practiceWith(b, peer.ExchangeConfig{})
	cfg.Dial.DefaultCountry, cfg.Dial.Allow = "DE", nil
	if shared {
		server, err := pgtest.Start(true)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = server.Close() })
		address, err := server.Fresh(b.Context())
		if err == nil {
			err = cfg.Store.UnmarshalText([]byte(address))
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	v, err := openVault(context.WithoutCancel(b.Context()), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = v.Close() })
	return v.desk(nil).Local()
}
