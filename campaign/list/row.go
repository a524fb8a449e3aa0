package list

import (
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// rowReader reads what a row says besides its telephone numbers. A cell that
// cannot be understood fails the row: half a record might be called at a time
// the contact did not allow.
type rowReader struct {
	im     *importer
	cells  []string
	line   int
	failed bool
}

// text is the trimmed cell of a field; empty when no column has it.
func (v *rowReader) text(f Field) string {
	i, ok := v.im.head.of[f]
	if !ok {
		return ""
	}
	return strings.TrimSpace(strings.ReplaceAll(v.cells[i], "\u00a0", " "))
}

// verbatim is a cell that Export wrote as it stands in the record.
func (v *rowReader) verbatim(f Field) string {
	i, ok := v.im.head.of[f]
	if !ok {
		return ""
	}
	return v.cells[i]
}

// value reads a field with a parser.
func value[T any](v *rowReader, f Field, parse func(string) (T, error)) T {
	t, err := parse(v.text(f))
	if err != nil {
		v.failed = true
		column := v.im.head.names[v.im.head.of[f]]
		b := BadLine{Line: v.line, Column: column, Value: v.text(f), Reason: err.Error(), Cure: "compare it with the source"}
		if ve, ok := err.(*valueError); ok {
			b.Reason, b.Cure = ve.reason, ve.cure+`; if the column means something else: --map `+string(f)+`=`
		}
		v.im.bad(b)
	}
	return t
}

func (v *rowReader) time(f Field) time.Time {
	return value(v, f, func(s string) (time.Time, error) { return parseTime(s, v.im.o.Location) })
}

// record is the row as a record, without a telephone number.
func (v *rowReader) record() campaign.Record {
	h := v.im.head
	r := campaign.Record{
		ID: v.im.idOf(v.text(FieldID)), Line: v.im.o.Lines + v.im.res.Read,
		PhoneType: v.verbatim(FieldPhoneType), Name: v.name(), CustomerID: v.customer(),
		TimeZone: value(v, FieldZone, parseZone),
		From:     v.clock(FieldFrom), Until: v.clock(FieldUntil),
		Type: value(v, FieldType, parseType), Status: value(v, FieldStatus, parseStatus), Result: value(v, FieldResult, parseResult),
		Attempts: value(v, FieldAttempts, parseCount), Declined: value(v, FieldDeclined, parseCount),
		NextDial: v.time(FieldNext), LastCall: v.time(FieldLastCall), CallbackAt: v.time(FieldCallback),
		Owner: campaign.AgentID(v.text(FieldOwner)), Reason: v.verbatim(FieldReason),
		Disposition: v.verbatim(FieldCode), Note: v.verbatim(FieldNote), NoCall: value(v, FieldNoCall, parseYes),
		Consent: campaign.Consent{
			At: v.time(FieldConsent), Text: v.verbatim(FieldConsentTx), Source: v.verbatim(FieldConsentSr),
			Reference: v.verbatim(FieldConsentRf), Revoked: v.time(FieldRevoked),
		},
	}
	v.chain(&r)
	if r.Type == 0 {
		r.Type = campaign.General
	}
	if r.Result == 0 {
		r.Result = campaign.Unknown
	}
	if r.Status == 0 || r.Status == campaign.Retrieved { // with somebody, somewhere else
		r.Status = campaign.Ready
	}
	if r.NoCall {
		r.Type = campaign.NoCall
	}
	if !v.im.ours() {
		v.moved(&r)
	}
	r.Fields = make([]campaign.Field, h.custom)
	for i := range r.Fields {
		r.Fields[i] = campaign.Field{Name: h.names[i], Value: v.cells[i]}
	}
	return r
}

// clock reads a time of day; columns of the long-established names count
// seconds.
func (v *rowReader) clock(f Field) time.Duration {
	parse := parseClock
	if i, ok := v.im.head.of[f]; ok && strings.HasPrefix(plain(v.im.head.names[i]), "daily") {
		parse = parseSeconds
	}
	return value(v, f, parse)
}

// moved makes a record of another system one of ours: who wants no calls is
// finished, a callback has its time, and a personal one its person.
func (v *rowReader) moved(r *campaign.Record) {
	if r.Result == campaign.DoNotCall || r.Type == campaign.NoCall || r.NoCall {
		r.Type, r.NoCall, r.CallbackAt = campaign.NoCall, true, time.Time{}
		if !r.Status.Done() {
			r.Status = campaign.Updated
		}
		if r.Reason == "" {
			r.Reason = "the contact wants no more calls"
		}
		return
	}
	if !r.CallbackAt.IsZero() && r.Type == campaign.General && !r.Status.Done() {
		r.Type = campaign.CampaignCallback
		if r.Owner != "" {
			r.Type = campaign.PersonalCallback
		}
	}
	switch agreed := r.Type == campaign.PersonalCallback || r.Type == campaign.CampaignCallback; {
	case !agreed:
	case r.CallbackAt.IsZero():
		r.CallbackAt = r.NextDial
	case r.NextDial.IsZero():
		r.NextDial = r.CallbackAt
	}
	switch {
	case r.Owner != "":
	case r.Type == campaign.PersonalCallback:
		r.Type = campaign.CampaignCallback // whose it is, the file does not say
	case r.Type == campaign.PersonalRescheduled:
		r.Type = campaign.CampaignRescheduled
	}
}

// chain reads a chain that the file itself names. Another system counts its
// chains from one in every list: here they have the list's name before them,
// or two contacts would be one.
func (v *rowReader) chain(r *campaign.Record) {
	if _, ok := v.im.head.of[FieldChain]; !ok {
		return
	}
	r.Chain, r.Position = v.text(FieldChain), value(v, FieldPosition, parseCount)
	if r.Chain != "" && !v.im.ours() && v.im.o.List != "" {
		r.Chain = v.im.o.List + "/" + r.Chain
	}
}

// customer ids lose their trailing .0 of spreadsheets, or equal ones would differ.
func (v *rowReader) customer() string {
	s := v.text(FieldCustomer)
	if m := patterns.float.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return s
}

func (v *rowReader) name() string {
	if _, ok := v.im.head.of[FieldName]; ok && v.im.ours() {
		return v.verbatim(FieldName) // our own export
	}
	if s := v.text(FieldName); s != "" {
		return s
	}
	if s := strings.TrimSpace(v.text(FieldFirst) + " " + v.text(FieldLast)); s != "" {
		return s
	}
	return v.text(FieldCompany)
}
