package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

const oneRecord = "id;Name;Telefon\n1;A;030 23125000\n"

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// 50 desktops: from the click, over the journal, to each of the readers.
func BenchmarkDesktops(b *testing.B) {
	const desktops = 50
	var users []campaign.User
	for i := range desktops {
		users = append(users, campaign.User{Name: campaign.AgentID(fmt.Sprintf("sup-%d", i)), Role: campaign.RoleSupervisor})
	}
	f := openFloor(b, 1, "progressive", oneRecord, users...)
	before := heap()
	got := make(chan time.Time, desktops)
	var readers sync.WaitGroup
	var bodies []io.Closer
	for _, u := range users {
		tab := f.tab(b)
		tab.login(string(u.Name))
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, f.url+"/api/v1/events", nil)
		if err != nil {
			b.Fatal(err)
		}
		res, err := tab.http.Do(req)
		if err != nil || res.StatusCode != http.StatusOK {
			b.Fatalf("%v %v", res, err)
		}
		bodies = append(bodies, res.Body)
		readers.Go(func() { // ends with its body
			lines := bufio.NewScanner(res.Body)
			lines.Buffer(nil, 1<<20)
			for lines.Scan() {
				if strings.Contains(lines.Text(), `"kind":"agent"`) {
					got <- time.Now()
				}
			}
		})
	}
	idle := heap()
	click := func(s campaign.AgentStatus, reason string) (start time.Time) {
		start = time.Now()
		if err := f.control.Do(b.Context(), campaign.ClickStatus{Agent: "ann", Status: s, Reason: reason}); err != nil {
			b.Fatal(err)
		}
		return start
	}
	if err := f.control.Do(b.Context(), campaign.ClickLogin{Agent: "ann"}); err != nil {
		b.Fatal(err)
	}
	for range desktops {
		<-got
	}
	var late []time.Duration
	for i := 0; b.Loop(); i++ {
		start := click(campaign.AgentNotReady, strconv.Itoa(i))
		for range desktops {
			late = append(late, (<-got).Sub(start))
		}
	}
	slices.Sort(late)
	b.ReportMetric(float64(late[len(late)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(late[len(late)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(idle-min(before, idle))/desktops/1024, "KiB/desktop")
	for _, c := range bodies {
		c.Close()
	}
	readers.Wait()
}
