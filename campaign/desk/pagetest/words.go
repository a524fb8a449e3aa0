package pagetest

import "strings"

// Words gives a language's word for an English one, out of the names that
// scripts and screen readers rely on. What it does not know comes back as it is.
func Words(language string) func(string) string {
	if language != "de" {
		return func(s string) string {
			switch s {
			case "Answer result": // the call result, not the button
				return "Answer"
			case "declined once":
				return "Declined once"
			}
			return s
		}
	}
	words := german()
	return func(s string) string {
		if g, ok := words[s]; ok {
			return g
		}
		for _, begin := range []string{"Campaign loaded: ", "Campaign started: ", "Call from "} {
			if name, ok := strings.CutPrefix(s, begin); ok {
				return words[begin] + name
			}
		}
		return s
	}
}

func german() map[string]string {
	return map[string]string{
		"User name": "Benutzername", "Password": "Kennwort", "Log in": "Anmelden", "Log off": "Abmelden", "My status": "Mein Status",
		"Ready": "Bereit", "Not ready": "Nicht bereit", "After-call work": "Nachbearbeitung", "Do not disturb": "Bitte nicht stören",
		"Campaign loaded: ": "Kampagne geladen: ", "Campaign started: ": "Kampagne gestartet: ", "Call from ": "Anruf von ",
		"Interaction preview": "Interaktionsvorschau", "Accept": "Annehmen", "Decline": "Ablehnen", "Outbound interaction": "Ausgehende Interaktion",
		"Inbound interaction": "Eingehende Interaktion",
		"Call status":         "Anrufstatus", "Dialing": "Wird gewählt", "Ringing": "Klingelt", "Connected": "Verbunden", "On hold": "Wird gehalten",
		"Held by contact": "Vom Kontakt gehalten", "Ended": "Beendet", "Case information": "Vorgangsinformationen",
		"Record information": "Datensatzinformationen", "Contact": "Kontakt", "Responses": "Antworten", "Script": "Gesprächsleitfaden",
		"Dispositions": "Klassifizierungen", "Note": "Notiz", "Call": "Anrufen", "Hold": "Halten", "Resume": "Zurückholen", "Mute": "Stummschalten",
		"Unmute": "Stummschaltung aufheben", "Hang up": "Auflegen", "Call result": "Anrufergebnis", "Do not call": "Nicht anrufen",
		"Disposition code": "Klassifizierungscode", "Done": "Fertig", "Done and next": "Fertig und weiter", "Get record": "Datensatz abrufen",
		"Return to list": "An Liste zurückgeben", "Schedule callback": "Rückruf vereinbaren", "Correct result": "Ergebnis korrigieren",
		"Join": "Beitreten", "Leave": "Verlassen", "Load": "Laden", "Start": "Starten", "Stop": "Stoppen", "Unload": "Entladen", "Save": "Speichern",
		"Search": "Suchen", "Call back at": "Rückruf am", "Personal callback": "Persönlicher Rückruf", "Status after this call": "Status danach",
		"Reason": "Grund", "Take over here": "Hier übernehmen", "Language": "Sprache", "Help": "Hilfe", "My campaigns": "Meine Kampagnen",
		"Contact directory": "Kontaktverzeichnis", "Call history": "Anrufverlauf", "Manual call": "Manuelle Anwahl", "Undo": "Rückgängig",
		"Answer result": "Erreicht", "Wrong party": "Zielperson nicht da", "Answer": "Annehmen (Anruf)", "Number": "Nummer",
		"Contact history": "Kontakthistorie", "Keypad": "Tastenfeld", "Transfer": "Weiterleiten", "Consult": "Rückfrage", "Conference": "Konferenz", "Floor": "Leitstand", "Settings": "Einstellungen",
		"Campaigns": "Kampagnen", "Agents": "Agenten", "Desk": "Arbeitsplatz", "New contact": "Neuer Kontakt", "My messages": "Meine Nachrichten",
		"Wrong number": "Falsche Rufnummer", "Wrong number – quick": "Falsche Rufnummer – schnell", "Busy": "Besetzt", "Close": "Schließen",
		"tomorrow 15": "morgen 15", "tomorrow 16": "morgen 16", "Device check": "Gerätetest", "Check result": "Testergebnis", "Run check": "Test starten", "Continue": "Weiter",
		"Test call": "Testanruf", "Test result": "Ergebnis des Testanrufs", "Sound": "Ton",
		"Start recording": "Aufzeichnung starten", "Pause recording": "Aufzeichnung pausieren", "Resume recording": "Aufzeichnung fortsetzen",
		"Stop recording": "Aufzeichnung beenden", "Delete recording": "Aufzeichnung löschen", "Consent refused": "Abgelehnt",
		"Consent given – start recording": "Einwilligung erteilt – Aufzeichnung starten",
		"Telephone number":                "Rufnummer", "Remove from campaign": "Aus Kampagne entfernen",
		"live": "verbunden", "by you": "von Ihnen", "by the contact": "vom Kontakt", "not connected": "nicht zustande gekommen",
		"More time: 0:30": "Mehr Zeit: 0:30", "Possible once more": "Noch einmal möglich", "extended 2 times": "2-mal verlängert",
		"After-call work has run out": "Die Zeit der Nachbearbeitung ist um", "over time": "überzogen",
		"Preview withdrawn": "Vorschau zurückgezogen", "Preview not accepted": "Vorschau nicht angenommen", "declined once": "Einmal abgelehnt",
		"preview not accepted": "Vorschau nicht angenommen", "Not dialled yet": "Noch nicht gewählt", "No more records": "Keine weiteren Datensätze",
		"Recording": "Aufzeichnung", "Recording paused": "Aufzeichnung pausiert", "Recording ended": "Aufzeichnung beendet",
		"Whom to consult": "Rückfrage bei", "Consultation": "Rückfragegespräch", "In conference": "In der Konferenz", "Speak with ": "Mit ",
		"Leave the two to each other": "Beide verbinden", "End the consultation": "Rückfrage beenden", "Transfer to": "Weiterleiten an",
	}
}
