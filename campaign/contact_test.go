package campaign

import "testing"

func TestNumberPrefix(t *testing.T) {
	for text, want := range map[string]string{
		"0171 123": "+49171123", "+49 171": "+49171", "0049171": "+49171", "171123": "", "017": "", "0171x": "", "++49171": "", "": "", "Anna": "",
	} {
		if got := NumberPrefix(text, "DE"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := NumberPrefix("0171 123", "nowhere"); got != "" {
		t.Errorf("no country: %q", got)
	}
}

// The name goes into each column that held it; a field is changed where it
// stands, and a new one follows.
func TestContactEdit(t *testing.T) {
	r := Record{Name: "Anna", Fields: []Field{{"Name", "Anna"}, {"Ort", "Köln"}, {"Ort", "Bonn"}}}
	name := "Berta"
	e := ContactEdit{Fields: []Field{{"Ort", "Ulm"}}}.Merge(ContactEdit{Name: &name, Fields: []Field{{"Plz", "1"}}}).Merge(ContactEdit{Fields: []Field{{"Ort", "Jena"}}})
	e.Apply(&r)
	want := []Field{{"Name", "Berta"}, {"Ort", "Jena"}, {"Ort", "Bonn"}, {"Plz", "1"}}
	if r.Name != name || len(r.Fields) != len(want) {
		t.Fatalf("%+v", r)
	}
	for i, f := range want {
		if r.Fields[i] != f {
			t.Errorf("field %d: %v, want %v", i, r.Fields[i], f)
		}
	}
}
