package configs

import "fmt"

// Saying is a sentence, or a part of one, that a page may say in another
// language: by its code, with its arguments in their order. Without a code it
// is said as it stands, as a value or a key is.
type Saying struct {
	Code string
	Args []Saying
	Text string // in English
}

// Say makes one; form is for fmt.Sprintf, with %s only.
func Say(code, form string, args ...any) Saying {
	s := Saying{Code: code}
	texts := make([]any, len(args))
	for i, a := range args {
		arg, ok := a.(Saying)
		if !ok {
			arg = plain(fmt.Sprint(a))
		}
		s.Args, texts[i] = append(s.Args, arg), arg.Text
	}
	s.Text = fmt.Sprintf(form, texts...)
	return s
}

// plain is said as it stands: the configuration's problems are, for nobody reads
// them on a page.
func plain(text string) Saying { return Saying{Text: text} }
