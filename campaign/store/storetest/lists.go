package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

func reflectEqual(a, b any) bool { return reflect.DeepEqual(a, b) }

func sameRecord(t *testing.T, got, want campaign.Record) {
	t.Helper()
	if !reflectEqual(got, want) {
		t.Errorf("record\n%+v, want\n%+v", got, want)
	}
}

// importRoundTrip: every field of a record comes back.
func importRoundTrip(t *testing.T, b *bench) {
	full := campaign.Record{
		ID: "K-7", Line: 12, Chain: "c", CustomerID: "42", Phone: phone(1), PhoneType: "Mobil", Name: "Jörg \"J\" Müller\n",
		Fields:   []campaign.Field{{Name: "Tel", Value: "0170"}, {Name: "", Value: "x"}, {Name: "Tel", Value: "\x00é\u2028"}},
		TimeZone: "Europe/Berlin", From: 9*time.Hour + 30*time.Minute, Until: 18 * time.Hour,
		Type: campaign.PersonalCallback, Status: campaign.MissedCallback, Result: campaign.Busy, Attempts: 3,
		NextDial: b.now.Add(time.Hour), LastCall: b.now.Add(-time.Hour), Owner: "ann", Declined: 2, Reason: "r",
		Disposition: "Sold/New", Note: "n", NoCall: true, CallbackAt: b.now.Add(2 * time.Hour),
		Consent: campaign.Consent{At: b.now, Text: "yes", Source: "web", Reference: "ref", Revoked: b.now.Add(time.Minute)},
	}
	b.imports(full, rec(2))
	got := b.records(campaign.RecordQuery{List: list})
	if len(got) != 2 {
		t.Fatalf("%d records", len(got))
	}
	if got[0].Key == 0 || got[0].Key == got[1].Key || got[0].Order >= got[1].Order {
		t.Errorf("keys %d, %d, places %d, %d", got[0].Key, got[1].Key, got[0].Order, got[1].Order)
	}
	full.Key, full.Order, full.List, full.Person = got[0].Key, got[0].Order, list, "customer:42"
	full.Before = full.Result // in what its attempts are taken to have ended
	sameRecord(t, got[0], full)
	ls, err := b.s.Lists(t.Context())
	b.must(err)
	if want := []string{"Tel", "", "Tel", "Ort"}; !reflectEqual(ls[0].Columns, want) {
		t.Errorf("columns %q, want %q", ls[0].Columns, want)
	}
}

// importAgain: a number is in a list once, so a broken import can be repeated.
func importAgain(t *testing.T, b *bench) {
	b.imports(recs(1, 2)...)
	b.calls("1", campaign.Busy)
	b.imports(recs(1, 3)...)
	b.importsTo("second", recs(1, 1)...)
	equal(t, "records", len(b.records(campaign.RecordQuery{List: list})), 3)
	equal(t, "in the other list", len(b.records(campaign.RecordQuery{List: "second"})), 1)
	b.status("1", campaign.Updated)
	b.leases("2")
	b.leases("3")
	if err := b.s.Import(t.Context(), "third", []campaign.Record{rec(1), {ID: "bad"}}); err == nil {
		t.Error("a record without a number was imported")
	}
	equal(t, "nothing of a failed batch", len(b.records(campaign.RecordQuery{List: "third"})), 0)
	if err := b.s.Import(t.Context(), "", recs(1, 1)); err == nil {
		t.Error("a list without a name was imported")
	}
}

// importChains: what belongs to a chain finds its place over several batches.
func importChains(t *testing.T, b *bench) {
	ready := func(r *campaign.Record) { r.Status = campaign.Ready }
	b.imports(rec(1, chain("c", 0)), rec(2, chain("c", 1), ready))
	b.imports(rec(3, chain("c", 0)), rec(1, chain("c", 0)), rec(4, chain("", 3)), rec(5, chain("d", 1)))
	for id, want := range map[string]struct {
		position int
		status   campaign.RecordStatus
	}{"1": {0, campaign.Ready}, "2": {1, campaign.ChainReady}, "3": {2, campaign.ChainReady}, "4": {3, campaign.Ready}, "5": {1, campaign.Ready}} {
		r := b.record(id)
		equal(t, "position of "+id, r.Position, want.position)
		equal(t, "status of "+id, r.Status, want.status)
	}
	b.leases("1")
	b.leases("4")
	b.leases("5")
	b.leasesNothing()
	b.imports(rec(6, func(r *campaign.Record) { r.Status = campaign.Retrieved })) // by somebody else, somewhere else
	b.leases("6")
}

func recordQueries(t *testing.T, b *bench) {
	b.imports(recs(1, 4)...)
	b.importsTo("second", recs(3, 3)...)
	b.releases(b.leases("1"), campaign.Release{}) // withdrawn: nothing changed
	b.now = b.now.Add(time.Minute)
	b.calls("1", campaign.Answer)
	early := b.now
	b.now = b.now.Add(time.Minute)
	b.releases(b.leases("2"), campaign.Release{Top: true, Declined: true})
	for what, c := range map[string]struct {
		q    campaign.RecordQuery
		want []string
	}{
		"all":          {campaign.RecordQuery{}, []string{"1", "2", "3", "4", "3"}},
		"list":         {campaign.RecordQuery{List: list}, []string{"1", "2", "3", "4"}},
		"id":           {campaign.RecordQuery{ID: "3"}, []string{"3", "3"}},
		"phone":        {campaign.RecordQuery{Phone: "+49 30 23125 003", List: "second"}, []string{"3"}},
		"changed":      {campaign.RecordQuery{Changed: true}, []string{"1", "2"}},
		"since":        {campaign.RecordQuery{Since: early.Add(time.Second)}, []string{"2"}},
		"since, equal": {campaign.RecordQuery{Since: early}, []string{"1", "2"}},
		"missing":      {campaign.RecordQuery{List: "nobody"}, nil},
		"page":         {campaign.RecordQuery{List: list, Limit: 3}, []string{"1", "2", "3"}},
		"next page":    {campaign.RecordQuery{List: list, After: 3, Limit: 3}, []string{"4"}},
		"no page":      {campaign.RecordQuery{List: list, After: 4, Limit: 3}, nil},
	} {
		var got []string
		for _, r := range b.records(c.q) {
			got = append(got, r.ID)
		}
		if !reflectEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
	stop := errors.New("stop")
	n := 0
	err := b.s.Records(t.Context(), campaign.RecordQuery{}, func(campaign.Record) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("stopped after %d: %v", n, err)
	}
}

func lists(t *testing.T, b *bench) {
	b.imports(recs(1, 3)...)
	b.importsTo("empty")
	b.calls("1", campaign.Answer)
	b.leases("2")
	ls, err := b.s.Lists(t.Context())
	b.must(err)
	if len(ls) != 2 || ls[0].Name != list || ls[1].Name != "empty" {
		t.Fatalf("lists %+v", ls)
	}
	equal(t, "records", ls[0].Records, 3)
	equal(t, "empty", ls[1].Records, 0)
	want := map[campaign.RecordStatus]int{campaign.Ready: 1, campaign.Retrieved: 1, campaign.Updated: 1}
	if !reflectEqual(ls[0].ByStatus, want) {
		t.Errorf("by status %v, want %v", ls[0].ByStatus, want)
	}
	if ls[0].Imported.IsZero() || !reflectEqual(ls[0].Columns, []string{"Tel", "Ort"}) {
		t.Errorf("imported %v, columns %v", ls[0].Imported, ls[0].Columns)
	}
}

func retry(t *testing.T, b *bench) {
	try := func(id string) error { return b.s.Retry(t.Context(), list, id) }
	b.imports(rec(1), rec(2), rec(3), rec(4, func(r *campaign.Record) { r.NoCall = true }),
		rec(7, chain("c", 0)), rec(8, chain("c", 1), func(r *campaign.Record) { r.ID = "7" }))
	b.calls("1", campaign.Unknown, func(s *campaign.Settlement) { s.Record.Status, s.Record.Attempts = campaign.Stale, 4 })
	b.must(try("1"))
	r := b.record("1")
	equal(t, "status", r.Status, campaign.Ready)
	equal(t, "attempts", r.Attempts, 0)
	l := b.leases("1")
	if err := try("1"); err == nil {
		t.Error("a record in work was freed")
	}
	b.releases(l, campaign.Release{NotBefore: b.now.Add(time.Hour)})
	b.must(try("1")) // at once, by a person's word
	b.leases("1")
	for _, id := range []string{"4", "nobody"} {
		if err := try(id); err == nil || (id == "nobody") != errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("retry of %s: %v", id, err)
		}
	}
	b.calls("2", campaign.Answer)
	b.calls("3", campaign.Answer)
	b.leases("4") // no entry in the list: the gate decides
	b.calls("7", campaign.Answer, func(s *campaign.Settlement) { s.Chain = campaign.ChainFinish })
	b.leasesNothing()
	b.must(try("7"))
	first := b.leases("7")
	equal(t, "first of the chain", first.Record.Position, 0)
	b.leasesNothing()
}

// endRest: what was set aside may be dialled again at once, in its old order, but
// for what was set aside for a shorter time, and what waits for another reason.
func endRest(t *testing.T, b *bench) {
	b.now = time.Now() // the store's own clock ends the rest
	b.imports(recs(1, 6)...)
	b.importsTo("other", rec(7))
	aside := func(id string, until time.Duration, reason string) {
		t.Helper()
		b.releases(b.leases(id), campaign.Release{Declined: true, NotBefore: b.now.Add(until), Reason: reason})
	}
	b.calls("1", campaign.NoAnswer, func(s *campaign.Settlement) { // once called already
		s.Record.Status, s.Record.NextDial = campaign.Ready, b.now.Add(-time.Second)
	})
	aside("1", 2*time.Hour, campaign.SetAside)
	aside("2", 2*time.Hour, campaign.SetAside)
	aside("3", time.Minute, campaign.SetAside)        // by a person, before the run
	aside("4", 2*time.Hour, "no-answer; tried again") // by a treatment
	five := b.leases("5")                             // with an agent
	l, err := b.s.Lease(t.Context(), campaign.LeaseQuery{Lists: []string{"other"}, Agent: "ann", Process: process, Now: b.now, Until: b.now.Add(time.Minute)})
	b.must(err)
	b.releases(l, campaign.Release{NotBefore: b.now.Add(2 * time.Hour), Reason: campaign.SetAside})
	b.releases(b.leases("6"), campaign.Release{NotBefore: b.now.Add(2 * time.Hour), Reason: campaign.SetAside, Top: true})
	b.leasesNothing()
	b.must(b.beside().EndRest(t.Context(), []string{list, "nobody's"}, b.now.Add(time.Hour)))
	b.now = b.now.Add(time.Minute - time.Second)
	b.releases(five, campaign.Release{})
	for _, id := range []string{"6", "1", "2", "5"} { // the top, and then by their places
		l := b.leases(id)
		if l.Record.Reason != "" && id != "5" {
			t.Errorf("%s: %q", id, l.Record.Reason)
		}
	}
	if none := b.leasesNothing(); none.Waiting != 2 {
		t.Errorf("waiting are %+v", none)
	}
	equal(t, "the other list's", b.records(campaign.RecordQuery{List: "other"})[0].Reason, campaign.SetAside)
	equal(t, "declined", b.record("1").Declined, 1)
	equal(t, "never waited", b.record("2").NextDial.IsZero(), true)
}

// closing: a store may be closed twice, and whoever comes later is told so.
func closing(t *testing.T, b *bench) {
	s := b.open(t)
	b.must(s.Import(t.Context(), list, recs(1, 1)))
	for range 3 {
		b.must(s.Close())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := s.PutUser(ctx, campaign.User{Name: "ann"}); err == nil || ctx.Err() != nil {
		t.Errorf("written to a closed store: %v", err)
	}
	if us, err := s.Users(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("read from a closed store: %+v, %v", us, err)
	}
	equal(t, "beside it", len(b.records(campaign.RecordQuery{List: list})), 1)
}

func offers(t *testing.T, b *bench) {
	b.imports(rec(1))
	key := b.record("1").Key
	o := campaign.Offer{Campaign: "spring", Record: key, RecordID: "1", Agent: "ann", OfferedAt: b.now}
	later := o
	later.OfferedAt, later.DecidedAt, later.Decision = b.now.Add(time.Minute), b.now.Add(2*time.Minute), campaign.Accepted
	b.must(b.s.AddOffer(t.Context(), later))
	b.must(b.s.AddOffer(t.Context(), o))
	o.DecidedAt, o.Decision = b.now.Add(time.Second), campaign.Declined
	b.must(b.s.AddOffer(t.Context(), o))
	var got []campaign.Offer
	b.must(b.s.Offers(t.Context(), "spring", func(o campaign.Offer) error {
		got = append(got, o)
		return nil
	}))
	if want := []campaign.Offer{o, later}; !reflectEqual(got, want) {
		t.Errorf("offers %+v, want %+v", got, want)
	}
	b.must(b.s.Offers(t.Context(), "autumn", func(campaign.Offer) error { return errors.New("an offer of another campaign") }))
}

func campaigns(t *testing.T, b *bench) {
	spring := campaign.CampaignRow{Name: "spring", Document: []byte("name: spring\n"), State: campaign.Unloaded, Changed: b.now}
	autumn := campaign.CampaignRow{Name: "autumn", Document: []byte("\x00"), State: campaign.Loaded, Changed: b.now}
	b.must(b.s.PutCampaign(t.Context(), spring))
	b.must(b.s.PutCampaign(t.Context(), autumn))
	spring.State, spring.Pause, spring.Changed = campaign.Running, "ten failures in a row", b.now.Add(time.Second)
	b.must(b.s.PutCampaign(t.Context(), spring))
	got, err := b.open(t).Campaigns(t.Context())
	b.must(err)
	if want := []campaign.CampaignRow{autumn, spring}; !reflectEqual(got, want) {
		t.Errorf("campaigns %+v, want %+v", got, want)
	}
}

// campaignParts: document and state are written by themselves, and neither takes
// back what another process did to the other.
func campaignParts(t *testing.T, b *bench) {
	put := func(r campaign.CampaignRow) { b.must(b.s.PutCampaign(t.Context(), r)) }
	is := func(want campaign.CampaignRow) {
		t.Helper()
		got, err := b.s.Campaigns(t.Context())
		b.must(err)
		want.Name = "spring"
		if !reflectEqual(got, []campaign.CampaignRow{want}) {
			t.Errorf("campaigns %+v, want %+v", got, want)
		}
	}
	put(campaign.CampaignRow{Name: "spring", Document: []byte("one")})
	is(campaign.CampaignRow{Document: []byte("one"), State: campaign.Unloaded})
	put(campaign.CampaignRow{Name: "spring", State: campaign.Running, Pause: "trunks"})
	is(campaign.CampaignRow{Document: []byte("one"), State: campaign.Running, Pause: "trunks"})
	put(campaign.CampaignRow{Name: "spring", Document: []byte("two"), Files: "f", Changed: b.now})
	is(campaign.CampaignRow{Document: []byte("two"), Files: "f", State: campaign.Running, Pause: "trunks", Changed: b.now})
	put(campaign.CampaignRow{Name: "spring", State: campaign.Running})
	is(campaign.CampaignRow{Document: []byte("two"), Files: "f", State: campaign.Running})
	put(campaign.CampaignRow{Name: "spring", Document: []byte("two")}) // it names none any more
	is(campaign.CampaignRow{Document: []byte("two"), State: campaign.Running})
}

// bundles: every process has the files; nobody's are forgotten after a day.
func bundles(t *testing.T, b *bench) {
	one, other := b.s.(campaign.Bundles), b.open(t).(campaign.Bundles)
	put := func(content string, at time.Time) string {
		t.Helper()
		name, err := one.PutBundle(t.Context(), []byte(content), at)
		b.must(err)
		return name
	}
	is := func(name, want string) {
		t.Helper()
		got, err := other.Bundle(t.Context(), name)
		if want == "" && !errors.Is(err, campaign.ErrNotFound) || want != "" && (err != nil || string(got) != want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
	is("nothing", "")
	large := strings.Repeat("\x00long\xff", 1<<17)
	used, unused := put(large, b.now), put("unused", b.now)
	if used == unused || put(large, b.now) != used {
		t.Error("a name is not that of the content")
	}
	b.must(b.s.PutCampaign(t.Context(), campaign.CampaignRow{Name: "spring", Document: []byte("one"), Files: used}))
	is(used, large)
	is(unused, "unused")
	put("later", b.now.Add(23*time.Hour))
	is(unused, "unused")
	put("later", b.now.Add(25*time.Hour))
	is(used, large)
	is(unused, "")
}

// watch: whoever changes something, those who watch are told.
func watch(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan struct{}, 64)
	var watching sync.WaitGroup
	watching.Go(func() { b.s.Watch(ctx, func() { told <- struct{}{} }) })
	defer watching.Wait()
	defer cancel()
	within := func(what string) {
		t.Helper()
		select {
		case <-told:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s was not told", what)
		}
	}
	within("the begin")
	b.must(b.s.PutCampaign(t.Context(), campaign.CampaignRow{Name: "spring", State: campaign.Running}))
	within("a campaign")
	b.must(b.s.Block(t.Context(), campaign.DNCEntry{Number: phone(1)}))
	within("an entry of the do-not-call list")
	b.must(b.s.PutUser(t.Context(), campaign.User{Name: "ann"}))
	within("a user")
}

func users(t *testing.T, b *bench) {
	ann := campaign.User{Name: "ann", Role: campaign.RoleAgent, Headset: "browser", Hash: "h", Created: b.now}
	ben := campaign.User{Name: "ben", Role: campaign.RoleSupervisor, Created: b.now, Disabled: true}
	b.must(b.s.PutUser(t.Context(), ben))
	b.must(b.s.PutUser(t.Context(), ann))
	ann.Engaged, ann.Hash = true, "h2"
	ann.RecordingConsent = campaign.AgentConsent{Given: true, At: b.now, By: "ann"}
	b.must(b.s.PutUser(t.Context(), ann))
	got, err := b.s.Users(t.Context())
	b.must(err)
	if want := []campaign.User{ann, ben}; !reflectEqual(got, want) {
		t.Errorf("users %+v, want %+v", got, want)
	}
}

// backup: one file, whole, and never over another one. A store that is copied
// by other means says by which.
func backup(t *testing.T, b *bench) {
	b.imports(recs(1, 5)...)
	file := filepath.Join(t.TempDir(), "copy")
	err := b.s.Backup(t.Context(), file)
	if errors.Is(err, errors.ErrUnsupported) {
		if _, there := os.Stat(file); there == nil || !strings.Contains(err.Error(), "copy it with") {
			t.Errorf("backup refused: %v, file: %v", err, there)
		}
		return
	}
	b.must(err)
	info, err := os.Stat(file)
	b.must(err)
	if info.Size() == 0 || info.Mode().Perm() != 0o600 {
		t.Errorf("backup of %d bytes, mode %v", info.Size(), info.Mode())
	}
	if err := b.s.Backup(t.Context(), file); err == nil {
		t.Error("a backup was overwritten")
	}
	names, err := os.ReadDir(filepath.Dir(file))
	b.must(err)
	equal(t, "files", len(names), 1)
	b.leases("1")
}

// cancelled: who gives up before the store begins has changed nothing.
func cancelled(t *testing.T, b *bench) {
	b.imports(rec(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.s.Lease(ctx, b.query("ann")); !errors.Is(err, context.Canceled) {
		t.Errorf("lease: %v", err)
	}
	if err := b.s.Import(ctx, list, recs(2, 3)); !errors.Is(err, context.Canceled) {
		t.Errorf("import: %v", err)
	}
	equal(t, "records", len(b.records(campaign.RecordQuery{})), 1)
	b.leases("1")
	b.leasesNothing()
}
