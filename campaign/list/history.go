package list

import (
	"context"

	"github.com/freiton/freiton/campaign"
)

// History counts what a file says of the past of the records that go in.
type History struct {
	ByType   map[campaign.RecordType]int
	ByStatus map[campaign.RecordStatus]int
	ByResult map[campaign.CallResult]int // but for unknown, which is nothing
	Called   int                         // records with an attempt or a last call
	Owners   map[campaign.AgentID]int    // of open personal callbacks
	Blocked  int                         // do-not-call entries
}

func newHistory() History {
	return History{map[campaign.RecordType]int{}, map[campaign.RecordStatus]int{}, map[campaign.CallResult]int{}, 0, map[campaign.AgentID]int{}, 0}
}

func (h *History) count(r *campaign.Record) {
	h.ByType[r.Type]++
	h.ByStatus[r.Status]++
	if r.Result != campaign.Unknown {
		h.ByResult[r.Result]++
	}
	if r.Attempts > 0 || !r.LastCall.IsZero() {
		h.Called++
	}
	personal := r.Type == campaign.PersonalCallback || r.Type == campaign.PersonalRescheduled
	if personal && r.Owner != "" && !r.Status.Done() {
		h.Owners[r.Owner]++
	}
}

// ours reports whether the file is an export of ours.
func (im *importer) ours() bool { return im.head.custom < len(im.head.names) }

// block notes that a contact wants no calls: an entry for each number of the
// row that can be read, and for the person. It stands even where the list has
// the number already.
func (im *importer) block(v *rowReader, r campaign.Record) {
	e := campaign.DNCEntry{At: r.LastCall, By: "import " + im.o.File, Wording: r.Note}
	if im.o.File == "" {
		e.By = "import"
	}
	if r.CustomerID != "" || r.Chain != "" {
		e.Person = campaign.PersonOf(r.CustomerID, r.Chain, "")
	}
	before := len(im.blocks)
	for _, col := range im.head.phones {
		c, err := readPhone(v.cells[col], im.o.Country, im.o.Allow)
		if err != nil {
			continue // numbersOf tells
		}
		for _, n := range c.numbers {
			e.Number = n.E164
			im.blocks = append(im.blocks, e)
		}
	}
	if e.Person != "" && len(im.blocks) == before {
		e.Number = ""
		im.blocks = append(im.blocks, e)
	}
}

func (im *importer) flushBlocks(ctx context.Context) error {
	im.res.History.Blocked += len(im.blocks)
	var err error
	if im.o.Block != nil && len(im.blocks) > 0 {
		err = im.o.Block(ctx, im.blocks)
	}
	im.blocks = im.blocks[:0]
	return err
}

// checkID tells of an id that another contact of the file has: reports and
// "list show" find both by it.
func (im *importer) checkID(v *rowReader, r campaign.Record) {
	if _, given := im.head.of[FieldID]; !given || v.text(FieldID) == "" {
		return
	}
	seen := im.ids.add(r.ID) > 0
	same := im.idOwners.add(r.ID+"\x00"+r.Chain) > 0 && r.Chain != ""
	if seen && !same {
		im.sameID(v.line, im.head.names[im.head.of[FieldID]], r.ID, "another line of the file has this id")
	}
}

func (im *importer) sameID(line int, column, id, reason string) {
	im.res.DuplicateIDs++
	im.tell(BadLine{line, column, id, reason, "it goes in; give each contact an id of its own"})
}

// knownIDs tells of ids that another contact of the list has.
func (im *importer) knownIDs(ctx context.Context) error {
	col, given := im.head.of[FieldID]
	if im.o.KnownIDs == nil || !given {
		return nil
	}
	ids := make([]string, len(im.batch))
	for i := range im.batch {
		ids[i] = im.batch[i].ID
	}
	found, err := im.o.KnownIDs(ctx, ids)
	if err != nil {
		return err
	}
	told := 0 // line
	for i, p := range im.places {
		chain, known := found[im.batch[i].ID]
		if known && p.line != told && (chain == "" || chain != im.batch[i].Chain) {
			told = p.line
			im.sameID(p.line, im.head.names[col], im.batch[i].ID, "another record of the list has this id")
		}
	}
	return nil
}
