package desk

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/freiton/freiton/campaign"
)

// deskMemory is what memory keeps for the desktop itself.
type deskMemory struct {
	mu       sync.Mutex
	edits    map[string]campaign.ContactEdit
	messages []readerMessage
	chosen   map[string]string
}

type readerMessage struct {
	campaign.Message
	reader campaign.AgentID
}

func (m *memory) contactOf(person string) (campaign.Contact, bool) {
	c := campaign.Contact{Person: person}
	e, found := m.desk.edits[person]
	for _, r := range m.records {
		if p := r.Person; p == person || p == "" && person == "number:"+r.Phone {
			r.Fields = slices.Clone(r.Fields)
			e.Apply(&r)
			c.Records = append(c.Records, r)
		}
	}
	if len(c.Records) > 0 {
		r := c.Records[0]
		c.Name, c.Number, c.CustomerID, c.Fields = r.Name, r.Phone, r.CustomerID, r.Fields
	} else if found {
		c.Name, c.Number, c.CustomerID, c.Fields = *e.Name, e.Number, e.CustomerID, e.Fields
	}
	c.By, c.Changed = e.By, e.At
	return c, found || len(c.Records) > 0
}

func (m *memory) Contact(_ context.Context, person string) (campaign.Contact, error) {
	m.desk.mu.Lock()
	defer m.desk.mu.Unlock()
	if c, ok := m.contactOf(person); ok {
		return c, nil
	}
	return campaign.Contact{}, campaign.ErrNotFound
}

func (m *memory) FindContacts(_ context.Context, q campaign.ContactQuery) (out []campaign.Contact, _ error) {
	m.desk.mu.Lock()
	defer m.desk.mu.Unlock()
	seen := map[string]bool{}
	for _, r := range m.records {
		person := r.Person
		if person == "" {
			person = "number:" + r.Phone
		}
		if seen[person] || q.Lists != nil && !slices.Contains(q.Lists, r.List) {
			continue
		}
		c, _ := m.contactOf(person)
		text := strings.ToLower(c.Name + " " + c.Number)
		for _, f := range c.Fields {
			text += " " + strings.ToLower(f.Value)
		}
		digits := strings.TrimLeft(strings.ReplaceAll(q.Text, " ", ""), "0")
		if strings.Contains(text, strings.ToLower(q.Text)) || strings.Contains(c.Number, digits) {
			seen[person] = true
			out = append(out, c)
		}
	}
	for person, e := range m.desk.edits {
		if e.New && !seen[person] && strings.Contains(strings.ToLower(*e.Name), strings.ToLower(q.Text)) {
			c, _ := m.contactOf(person)
			out = append(out, c)
		}
	}
	return out, nil
}

func (m *memory) PutContact(_ context.Context, e campaign.ContactEdit) error {
	m.desk.mu.Lock()
	defer m.desk.mu.Unlock()
	_, known := m.contactOf(e.Person)
	switch {
	case e.New && known:
		return campaign.ErrExists
	case !e.New && !known:
		return campaign.ErrNotFound
	}
	if m.desk.edits == nil {
		m.desk.edits = map[string]campaign.ContactEdit{}
	}
	was := m.desk.edits[e.Person]
	now := was.Merge(e)
	if e.New {
		now.New, now.Number, now.CustomerID = true, e.Number, e.CustomerID
	}
	now.Person, now.By, now.At = e.Person, e.By, e.At
	m.desk.edits[e.Person] = now
	return nil
}

func (m *memory) ForgetContact(_ context.Context, person string) error {
	delete(m.desk.edits, person)
	return nil
}

func (m *memory) PastAttempts(_ context.Context, q campaign.AttemptQuery) (out []campaign.PastAttempt, _ error) {
	for _, a := range slices.Backward(m.attempts) {
		if q.ID != "" && a.ID != q.ID || q.Agent != "" && a.Agent != q.Agent || a.DialedAt.Before(q.Since) || !q.Until.IsZero() && !a.DialedAt.Before(q.Until) ||
			(q.Person != "" || len(q.Numbers) > 0) && a.Person != q.Person && !slices.Contains(q.Numbers, a.Number) {
			continue
		}
		p := campaign.PastAttempt{Attempt: a}
		for _, r := range m.records {
			if r.List == a.List && r.ID == a.RecordID {
				p.Name = r.Name
			}
		}
		out = append(out, p)
	}
	return out, nil
}

func (m *memory) Owned(_ context.Context, owner campaign.AgentID, _ int) (out []campaign.Record, _ error) {
	for _, r := range m.records {
		if r.Owner == owner {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) CountRecords(_ context.Context, lists []string) (map[campaign.RecordStatus]int, map[campaign.CallResult]int, error) {
	byStatus, byResult := map[campaign.RecordStatus]int{}, map[campaign.CallResult]int{}
	for _, r := range m.records {
		if slices.Contains(lists, r.List) {
			byStatus[r.Status]++
			byResult[r.Result]++
		}
	}
	return byStatus, byResult, nil
}

func (m *memory) PutMessage(_ context.Context, msg campaign.Message, readers []campaign.AgentID) error {
	m.desk.mu.Lock()
	defer m.desk.mu.Unlock()
	for _, r := range readers {
		m.desk.messages = append(m.desk.messages, readerMessage{msg, r})
	}
	return nil
}

func (m *memory) Inbox(_ context.Context, reader campaign.AgentID, limit int) (out []campaign.Message, _ error) {
	m.desk.mu.Lock()
	defer m.desk.mu.Unlock()
	for _, msg := range slices.Backward(m.desk.messages) {
		if msg.reader == reader && len(out) < limit {
			out = append(out, msg.Message)
		}
	}
	return out, nil
}

func (m *memory) Sent(_ context.Context, from campaign.AgentID, _ int) (out []campaign.Message, _ error) {
	m.desk.mu.Lock()
	defer m.desk.mu.Unlock()
	for _, msg := range slices.Backward(m.desk.messages) {
		if msg.From == from && !slices.ContainsFunc(out, func(o campaign.Message) bool { return o.ID == msg.ID }) {
			out = append(out, msg.Message)
		}
	}
	return out, nil
}

func (m *memory) Unread(_ context.Context, reader campaign.AgentID) (n int, _ error) {
	m.desk.mu.Lock()
	defer m.desk.mu.Unlock()
	for _, msg := range m.desk.messages {
		if msg.reader == reader && msg.ReadAt.IsZero() {
			n++
		}
	}
	return n, nil
}

func (m *memory) ReadMessages(_ context.Context, reader campaign.AgentID, ids []string, at time.Time) error {
	m.desk.mu.Lock()
	defer m.desk.mu.Unlock()
	for i, msg := range m.desk.messages {
		if msg.reader == reader && (len(ids) == 0 || slices.Contains(ids, msg.ID)) {
			m.desk.messages[i].ReadAt = at
		}
	}
	return nil
}

func (m *memory) Preference(_ context.Context, user campaign.AgentID, name string) (string, error) {
	m.desk.mu.Lock()
	defer m.desk.mu.Unlock()
	return m.desk.chosen[string(user)+"/"+name], nil
}

func (m *memory) PutPreference(_ context.Context, user campaign.AgentID, name, value string) error {
	m.desk.mu.Lock()
	defer m.desk.mu.Unlock()
	if m.desk.chosen == nil {
		m.desk.chosen = map[string]string{}
	}
	m.desk.chosen[string(user)+"/"+name] = value
	return nil
}
