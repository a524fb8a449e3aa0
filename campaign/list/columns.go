package list

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/freiton/freiton/campaign"
)

// Field names a property of a record to which a column can be mapped.
type Field string

// The fields. A column that is mapped to none is a custom field.
const (
	FieldID        Field = "id"
	FieldPhone     Field = "phone" // may be mapped several times: a chain
	FieldPhoneType Field = "phone_type"
	FieldName      Field = "name"
	FieldFirst     Field = "first_name"
	FieldLast      Field = "last_name"
	FieldCompany   Field = "company" // the name, where there is no other
	FieldCustomer  Field = "customer_id"
	FieldChain     Field = "chain"
	FieldPosition  Field = "position"
	FieldZone      Field = "time_zone"
	FieldFrom      Field = "from"
	FieldUntil     Field = "until"
	FieldType      Field = "type"
	FieldStatus    Field = "status"
	FieldResult    Field = "call_result"
	FieldAttempts  Field = "attempts"
	FieldNext      Field = "next_dial_at"
	FieldLastCall  Field = "last_call_at"
	FieldOwner     Field = "owner"
	FieldDeclined  Field = "declined"
	FieldReason    Field = "reason"
	FieldCode      Field = "disposition"
	FieldNote      Field = "note"
	FieldNoCall    Field = "do_not_call"
	FieldCallback  Field = "callback_at"
	FieldConsent   Field = "consent_at"
	FieldConsentTx Field = "consent_text"
	FieldConsentSr Field = "consent_source"
	FieldConsentRf Field = "consent_reference"
	FieldRevoked   Field = "consent_revoked"
)

// ownBlock are the columns that Export adds behind the original ones, always
// all and in this order, with prefix "record_" where an original column has
// the name. Import knows by them that a file is an export of ours.
func ownBlock() []Field {
	return []Field{
		FieldID, FieldPhone, FieldPhoneType, FieldChain, FieldPosition, FieldCustomer, FieldName, FieldZone, FieldFrom, FieldUntil,
		FieldType, FieldStatus, FieldResult, FieldAttempts, FieldNext, FieldLastCall, FieldOwner, FieldDeclined, FieldReason,
		FieldCode, FieldNote, FieldNoCall, FieldCallback,
		FieldConsent, FieldConsentTx, FieldConsentSr, FieldConsentRf, FieldRevoked,
	}
}

const ownPrefix = "record_"

// synonyms are the usual headers, as plain makes them.
func synonyms() map[Field]string {
	return map[Field]string{
		FieldID: "id recordid record datensatz datensatznr datensatznummer datensatzid lfdnr laufendenummer",
		FieldPhone: "phone phonenumber phoneno telephone telephonenumber tel telno telnr telefon telefonnummer telefonnr fon " +
			"rufnummer rufnr mobil mobile mobilephone mobilenumber mobiltelefon mobilnummer mobilnr mobilfunk mobilfunknummer " +
			"handy handynummer handynr cell cellphone cellnumber festnetz festnetznummer landline durchwahl zentrale contactinfo " +
			"telefonprivat telefongeschaeftlich telefondienstlich telefonmobil telefonfestnetz telefonfirma telprivat " +
			"telgeschaeftlich teldienstlich telmobil privattelefon diensttelefon rufnummerprivat rufnummermobil mobilprivat " +
			"homephone workphone businessphone mainphone otherphone phonehome phonework phonemobile phonebusiness " +
			"telefonp telefong telp telg telm",
		FieldPhoneType: "phonetype contactinfotype",
		FieldName:      "name fullname vollername vollstaendigername contact contactname kontakt kontaktname ansprechpartner kundenname customername",
		FieldFirst:     "firstname givenname forename vorname",
		FieldLast:      "lastname surname familyname nachname familienname zuname",
		FieldCompany:   "company companyname firma firmenname unternehmen organisation organization",
		FieldCustomer:  "customerid customerno customernumber custid custno kundennummer kundennr kundenid kundeid kdnr kdnummer kundenkennung",
		FieldChain:     "chainid chain kette",
		FieldPosition:  "chainn chainposition kettenposition positioninkette",
		FieldZone:      "timezone tz tzdbid zeitzone",
		FieldFrom:      "from von dailyfrom callfrom anrufvon erreichbarvon",
		FieldUntil:     "until till to bis dailytill dailyuntil dailyto calluntil anrufbis erreichbarbis",
		FieldType:      "recordtype datensatztyp",
		FieldStatus:    "recordstatus datensatzstatus",
		FieldResult:    "callresult lastcallresult lastresult anrufergebnis letztesergebnis",
		FieldAttempts:  "attempts attempt anrufversuche versuche anzahlversuche anwahlversuche",
		FieldNext:      "nextdialat nextdial dialschedtime naechsterversuch naechsteranruf wiedervorlage wiedervorlageam",
		FieldLastCall:  "lastcallat lastcall lastcalltime calltime letzteranruf letzteranrufam zuletztangerufen",
		FieldOwner:     "agentid owner agent bearbeiter",
		FieldNoCall:    "donotcall dnc nocall optout nichtanrufen anrufsperre werbesperre",
		FieldCallback:  "callbackat callbacktime rueckrufam rueckruftermin",
		FieldCode:      "dispositioncode klassifizierungscode",
		FieldConsent:   "consentat consentdate einwilligungam einwilligungdatum einwilligungsdatum einwilligungvom",
		FieldConsentTx: "consenttext einwilligungstext einwilligungtext",
		FieldConsentSr: "consentsource einwilligungsquelle einwilligungquelle",
		FieldConsentRf: "consentreference consentref einwilligungsreferenz einwilligungreferenz einwilligungsnachweis",
		FieldRevoked:   "consentrevoked consentrevokedat widerruf widerrufen widerrufenam widerrufam",
	}
}

// Mapping says that a column means a field. An empty Column takes the field
// away from the columns it would be found in.
type Mapping struct {
	Field  Field
	Column string // header, or "#3" for the third column
}

// ParseMapping reads FIELD=COLUMN, as --map has it. Several may be separated
// by commas, and so may several columns of telephone numbers:
// phone=Tel,Mobil,name=Kunde.
func ParseMapping(s string) ([]Mapping, error) {
	var out []Mapping
	for part := range strings.SplitSeq(s, ",") {
		field, column, ok := strings.Cut(part, "=")
		f := Field(strings.TrimSpace(field))
		switch {
		case ok && knownField(f):
			out = append(out, Mapping{f, strings.TrimSpace(column)})
		case len(out) > 0: // the comma belongs to the column, or another one follows
			out[len(out)-1].Column += "," + part
		case !ok:
			return nil, fmt.Errorf("mapping %q has no =; write it as phone=Tel", part)
		default:
			return nil, fmt.Errorf("mapping %q: there is no field %q; fields are %s", part, f, fieldNames())
		}
	}
	return out, nil
}

func knownField(f Field) bool {
	_, known := synonyms()[f]
	return known || slices.Contains(ownBlock(), f)
}

func fieldNames() string {
	var names []string
	for _, f := range append(ownBlock(), FieldFirst, FieldLast, FieldCompany) {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// header is what the columns of a file mean.
type header struct {
	names  []string
	phones []int // in column order
	of     map[Field]int
	custom int // so many columns are the file's own; behind them comes our block
}

// readHeader finds out what the columns mean: by the explicit mappings, then
// by our own block, then by the usual names.
func readHeader(names []string, maps []Mapping, country string) (*header, error) {
	h := &header{of: map[Field]int{}, custom: len(names)}
	for len(names) > 0 && strings.TrimSpace(names[len(names)-1]) == "" { // spreadsheets leave empty columns at the end
		names = names[:len(names)-1]
	}
	h.names = names
	h.custom = len(names)
	if first, ok := h.own(); ok && len(maps) == 0 {
		h.custom = first
		for i, f := range ownBlock() {
			if f == FieldPhone {
				h.phones = []int{first + i}
			} else {
				h.of[f] = first + i
			}
		}
		return h, nil
	}
	explicit, err := h.explicit(maps)
	if err != nil {
		return nil, err
	}
	h.usual(explicit)
	if len(h.phones) == 0 {
		return nil, h.noPhone(country)
	}
	slices.Sort(h.phones)
	return h, nil
}

// own tells where our block begins, if the file ends in it.
func (h *header) own() (first int, ok bool) {
	block := ownBlock()
	first = len(h.names) - len(block)
	if first < 0 {
		return 0, false
	}
	for i, f := range block {
		if name := h.names[first+i]; strings.TrimPrefix(name, ownPrefix) != string(f) {
			return 0, false
		}
	}
	return first, true
}

func (h *header) explicit(maps []Mapping) (map[Field]bool, error) {
	given := map[Field]bool{}
	for _, m := range maps {
		given[m.Field] = true
		if m.Column == "" {
			continue
		}
		columns := []string{m.Column}
		if m.Field == FieldPhone && h.find(m.Column) < 0 {
			columns = strings.Split(m.Column, ",")
		}
		for _, c := range columns {
			i := h.find(strings.TrimSpace(c))
			if i < 0 {
				return nil, fmt.Errorf("there is no column %q; the file has %s", c, quoted(h.names))
			}
			h.set(m.Field, i)
		}
	}
	return given, nil
}

func (h *header) set(f Field, i int) {
	if f == FieldPhone {
		if !slices.Contains(h.phones, i) {
			h.phones = append(h.phones, i)
		}
		return
	}
	if _, taken := h.of[f]; !taken {
		h.of[f] = i
	}
}

func (h *header) find(column string) int {
	if digits, ok := strings.CutPrefix(column, "#"); ok {
		if n, err := strconv.Atoi(digits); err == nil && n >= 1 && n <= len(h.names) {
			return n - 1
		}
	}
	for _, same := range []func(string) bool{
		func(name string) bool { return strings.TrimSpace(name) == column },
		func(name string) bool { return plain(name) == plain(column) && plain(column) != "" },
	} {
		if i := slices.IndexFunc(h.names, same); i >= 0 {
			return i
		}
	}
	return -1
}

func (h *header) usual(explicit map[Field]bool) {
	known := map[string]Field{}
	for f, names := range synonyms() {
		for name := range strings.FieldsSeq(names) {
			known[name] = f
		}
	}
	for i, name := range h.names {
		p := plain(name)
		f, ok := known[p]
		if !ok { // "Telefon 2", "phone_1"
			if f, ok = known[strings.TrimRight(p, "0123456789")]; ok && f != FieldPhone {
				ok = false
			}
		}
		if ok && !explicit[f] {
			h.set(f, i)
		}
	}
	if len(h.phones) == 0 && !explicit[FieldPhone] { // too vague to stand beside a better one
		for i, name := range h.names {
			if p := plain(name); p == "nummer" || p == "number" || p == "nr" {
				h.phones = []int{i}
				break
			}
		}
	}
}

// rowlike reports whether cells look like a row under this header: as many,
// and digits where the telephone number belongs.
func (h *header) rowlike(cells []string) bool {
	if len(cells) != len(h.names) {
		return false
	}
	return slices.ContainsFunc(h.phones, func(i int) bool {
		digits := 0
		for _, r := range cells[i] {
			if r >= '0' && r <= '9' {
				digits++
			}
		}
		return digits >= 5
	})
}

func (h *header) noPhone(country string) error {
	if len(h.names) == 0 {
		return errors.New("the file is empty; its first line must name the columns")
	}
	for _, name := range h.names {
		if _, err := campaign.ParseNumber(name, country, nil); err == nil && len(name) > 6 {
			return fmt.Errorf("the first line has a telephone number, %.40q, where it must name the columns: put a line above it, such as phone,name", name)
		}
	}
	return fmt.Errorf("no column is named like a telephone number; the first line has %s: name one of them \"phone\", or say which it is with --map phone=COLUMN",
		quoted(h.names))
}

func quoted(names []string) string {
	var b strings.Builder
	for i, n := range names {
		if i == 20 {
			return b.String() + ", …"
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.40q", n)
	}
	return b.String()
}

// plain is a header without what people vary: case, umlauts, blanks and signs.
func plain(s string) string {
	s = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss").Replace(strings.ToLower(s))
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
