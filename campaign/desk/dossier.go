package desk

import (
	"bytes"
	"html/template"
	"time"

	"github.com/freiton/freiton/campaign"
)

// dossierPage is a dossier as a page to print. style is the address of its
// style sheet; empty: none, for a page that leaves the program.
func dossierPage(p *campaign.Dossier, lang, style string) ([]byte, error) {
	words := func(en, de string) string {
		if lang == "de" {
			return de
		}
		return en
	}
	t, err := template.New("dossier").Funcs(template.FuncMap{
		"w": words,
		"at": func(s campaign.Stamp) string {
			if s.IsZero() {
				return "–"
			}
			return s.Local().Format(words("2006-01-02 15:04:05", "02.01.2006 15:04:05"))
		},
		"s": func(ms int64) string {
			return (time.Duration(ms) * time.Millisecond).Round(100 * time.Millisecond).String()
		},
		"result": func(r campaign.CallResult) string { return words(r.String(), resultDE(r)) },
		"opt": func(s any) any {
			if s == "" || s == nil {
				return "–"
			}
			return s
		},
	}).Parse(dossierTemplate)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, struct {
		*campaign.Dossier
		Lang, Style string
	}{p, lang, style})
	return out.Bytes(), err
}

// resultDE is a call result in German.
func resultDE(r campaign.CallResult) string {
	switch r {
	case campaign.Answer:
		return "Erreicht"
	case campaign.Busy:
		return "Besetzt"
	case campaign.NoAnswer:
		return "Nicht erreicht"
	case campaign.AnsweringMachine:
		return "Anrufbeantworter"
	case campaign.InvalidNumber:
		return "Rufnummer ungültig"
	case campaign.AllTrunksBusy:
		return "Keine Leitung frei"
	case campaign.Silence:
		return "Stille"
	case campaign.Fax:
		return "Fax"
	case campaign.Rejected:
		return "Abgewiesen"
	case campaign.WrongParty:
		return "Zielperson nicht da"
	case campaign.WrongNumber:
		return "Falsche Rufnummer"
	case campaign.Abandoned:
		return "Lost Call"
	case campaign.DialError:
		return "Wählfehler"
	case campaign.DoNotCall:
		return "Nicht anrufen"
	case campaign.ResultCancelled:
		return "Aus Kampagne entfernt"
	case campaign.Unknown, 0:
		return "Unbekannt"
	}
	return r.String()
}

const dossierTemplate = `<!doctype html>
<html lang="{{.Lang}}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{w "Person" "Person"}} {{.Number}}</title>
{{with .Style}}<link rel="stylesheet" href="{{.}}">{{end}}
<h1>{{w "What is kept of" "Gespeichert zu"}} {{.Number}}</h1>
<p>{{w "As of" "Stand"}} {{at .MadeAt}}. {{w "Identities" "Identitäten"}}: {{range $i, $p := .Persons}}{{if $i}}, {{end}}{{$p}}{{end}}.
{{w "Numbers" "Rufnummern"}}: {{range $i, $n := .Numbers}}{{if $i}}, {{end}}{{$n}}{{end}}.</p>

<h2>{{w "Consent" "Einwilligung"}}</h2>
{{if .Consent}}<table><tr><th>{{w "Given" "Erteilt"}}<th>{{w "Wording" "Wortlaut"}}<th>{{w "Source" "Quelle"}}<th>{{w "Reference" "Beleg"}}<th>{{w "Revoked" "Widerrufen"}}<th>{{w "Record" "Datensatz"}}</tr>
{{range .Consent}}<tr><td>{{at .At}}<td>{{opt .Text}}<td>{{opt .Source}}<td>{{opt .Reference}}<td>{{at .Revoked}}<td>{{if .Locked}}{{w "locked proof" "gesperrter Nachweis"}}{{else}}{{.List}} {{.Record}}{{end}}</tr>{{end}}
</table>{{else}}<p>{{w "None." "Keine."}}</p>{{end}}

<h2>{{w "Calls" "Anrufe"}}</h2>
{{if .Attempts}}<table><tr><th>{{w "When" "Wann"}}<th>{{w "Number" "Rufnummer"}}<th>{{w "Who" "Wer"}}<th>{{w "Campaign" "Kampagne"}}<th>{{w "Result" "Ergebnis"}}<th>{{w "Rang" "Geklingelt"}}<th>{{w "Agent after" "Agent nach"}}<th>{{w "Spoke" "Gesprochen"}}<th>{{w "Ended by" "Beendet von"}}<th>{{w "Recording" "Aufzeichnung"}}<th>{{w "Note" "Notiz"}}</tr>
{{range .Attempts}}<tr><td>{{at .DialedAt}}<td>{{.Phone}}<td>{{opt .Agent}}<td>{{opt .Campaign}}<td>{{result .CallResult}}{{with .Disposition}}, {{.}}{{end}}<td>{{s .RingMS}}<td>{{if .JoinedAt.IsZero}}–{{else}}{{s .AgentMS}}{{end}}<td>{{s .ContactMS}}<td>{{opt .EndedBy}}<td>{{opt .Recording}}<td>{{.Note}}</tr>{{end}}
</table>{{else}}<p>{{w "None." "Keine."}}</p>{{end}}

<h2>{{w "What was refused" "Was nicht gewählt werden durfte"}}</h2>
{{if .Refusals}}<table><tr><th>{{w "First" "Zuerst"}}<th>{{w "Last" "Zuletzt"}}<th>{{w "Times" "Anzahl"}}<th>{{w "Number" "Rufnummer"}}<th>{{w "Campaign" "Kampagne"}}<th>{{w "Reason" "Grund"}}</tr>
{{range .Refusals}}<tr><td>{{at .At}}<td>{{at .Last}}<td>{{.Times}}<td>{{.Number}}<td>{{opt .Campaign}}<td>{{.Text}}</tr>{{end}}
</table>{{else}}<p>{{w "Nothing." "Nichts."}}</p>{{end}}

<h2>{{w "Do not call" "Sperrliste"}}</h2>
{{if .DoNotCall}}<table><tr><th>{{w "Since" "Seit"}}<th>{{w "Number or person" "Rufnummer oder Person"}}<th>{{w "Scope" "Geltung"}}<th>{{w "By" "Von"}}<th>{{w "Wording" "Wortlaut"}}</tr>
{{range .DoNotCall}}<tr><td>{{at .At}}<td>{{if .Hashed}}{{w "(hashed)" "(verschlüsselt)"}}{{else}}{{.Number}} {{.Person}}{{end}}<td>{{if .Campaign}}{{.Campaign}}{{else if .Client}}{{.Client}}{{else}}{{w "everything" "alles"}}{{end}}<td>{{opt .By}}<td>{{opt .Wording}}</tr>{{end}}
</table>{{else}}<p>{{w "No entry." "Kein Eintrag."}}</p>{{end}}

<h2>{{w "Records" "Datensätze"}}</h2>
{{if .Records}}<table><tr><th>{{w "List" "Liste"}}<th>{{w "Record" "Datensatz"}}<th>{{w "Number" "Rufnummer"}}<th>Name<th>{{w "Status" "Status"}}<th>{{w "Result" "Ergebnis"}}<th>{{w "Attempts" "Versuche"}}<th>{{w "Fields" "Felder"}}<th>{{w "Note" "Notiz"}}</tr>
{{range .Records}}<tr><td>{{.List}}<td>{{.ID}}<td>{{.Phone}}<td>{{.Name}}<td>{{.Status}}{{with .Reason}}: {{.}}{{end}}<td>{{result .CallResult}}<td>{{.Attempts}}<td>{{range $k, $v := .Fields}}{{$k}}: {{$v}}<br>{{end}}<td>{{.Note}}</tr>{{end}}
{{range .Contacts}}<tr><td>{{w "entered by" "eingetragen von"}} {{.By}}<td>{{.CustomerID}}<td>{{.Number}}<td>{{.Name}}<td><td><td><td>{{range $k, $v := .Fields}}{{$k}}: {{$v}}<br>{{end}}<td></tr>{{end}}
</table>{{else}}<p>{{w "None." "Keine."}}</p>{{end}}

<h2>{{w "Who looked at or changed something" "Wer etwas angesehen oder geändert hat"}}</h2>
{{if .Audit}}<table><tr><th>{{w "When" "Wann"}}<th>{{w "Who" "Wer"}}<th>{{w "What" "Was"}}<th>{{w "Old" "Alt"}}<th>{{w "New" "Neu"}}</tr>
{{range .Audit}}<tr><td>{{at .At}}<td>{{opt .Who}}<td>{{.What}} {{.About}}<td>{{.Old}}<td>{{.New}} {{.Reason}}</tr>{{end}}
</table>{{else}}<p>{{w "Nobody." "Niemand."}}</p>{{end}}
{{if .Exports}}<h2>{{w "Files that left with this person in them" "Dateien, in denen diese Person nach außen ging"}}</h2>
<table>{{range .Exports}}<tr><td>{{at .At}}<td>{{opt .Who}}<td>{{.What}} {{.About}}</tr>{{end}}</table>{{end}}
{{if .Erasures}}<h2>{{w "Deletions" "Löschungen"}}</h2>
<table>{{range .Erasures}}<tr><td>{{at .At}}<td>{{.By}}<td>{{.Reason}}<td>{{range $k, $v := .Counts}}{{$k}} {{$v}} {{end}}<td>{{if .DoneAt.IsZero}}{{w "not finished" "noch nicht fertig"}}{{else}}{{w "finished" "fertig"}}{{end}}</tr>{{end}}</table>{{end}}
</html>
`
