package line

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNumber says that a number cannot stand in the dial template.
var ErrNumber = errors.New("number cannot be dialled")

// ErrTemplate says that a dial template is wrong.
var ErrTemplate = errors.New("dial template is wrong")

// Template is the address that is called for a number:
// "sip:{number}@pbx.example:5060". {number} is the E.164 form with its plus,
// and an extension as it is; {digits} the same without the plus; {extension}
// an extension only.
type Template string

// Check says whether t is a SIP URI with a place for the number and no unknown
// placeholder.
func (t Template) Check() error {
	s := string(t)
	if !strings.HasPrefix(s, "sip:") && !strings.HasPrefix(s, "sips:") {
		return fmt.Errorf("%w: %q lacks sip: or sips: in front", ErrTemplate, s)
	}
	rest, found := s, false
	for {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			break
		}
		name, tail, ok := strings.Cut(after, "}")
		if !ok {
			return fmt.Errorf("%w: %q has { without }", ErrTemplate, s)
		}
		switch name {
		case "number", "digits", "extension":
			found = true
		default:
			return fmt.Errorf("%w: %q: there is {number}, {digits} and {extension}, but no {%s}", ErrTemplate, s, name)
		}
		rest = tail
	}
	if !found {
		return fmt.Errorf("%w: %q has no place for the number, such as {number}", ErrTemplate, s)
	}
	return nil
}

// URI gives the address for a number: E.164 with its plus, or an extension.
func (t Template) URI(number string) (string, error) {
	if err := t.Check(); err != nil {
		return "", err
	}
	user, err := userPart(number)
	if err != nil {
		return "", err
	}
	international := strings.HasPrefix(number, "+")
	if international && strings.Contains(string(t), "{extension}") {
		return "", fmt.Errorf("%w: %q is not an extension, and the template has {extension}", ErrNumber, number)
	}
	return strings.NewReplacer(
		"{number}", user,
		"{digits}", strings.TrimPrefix(user, "+"),
		"{extension}", user,
	).Replace(string(t)), nil
}

// userPart writes a number as the user of a SIP URI. Only what a number or an
// extension is made of passes: nothing that could end the user part, open a
// parameter or a header (RFC 3261 §25.1), so a list cannot choose another host.
func userPart(number string) (string, error) {
	if number == "" || len(number) > 64 {
		return "", fmt.Errorf("%w: it has %d characters", ErrNumber, len(number))
	}
	var b strings.Builder
	for i, r := range number {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '*':
			b.WriteRune(r)
		case (r == '.' || r == '-' || r == '_') && i > 0:
			b.WriteRune(r)
		case r == '+' && i == 0 && len(number) > 1:
			b.WriteRune(r)
		case r == '#': // not among the characters of a user: RFC 3261 §25.1 "user"
			b.WriteString("%23")
		default:
			return "", fmt.Errorf("%w: %q has %q at place %d", ErrNumber, number, r, i+1)
		}
	}
	return b.String(), nil
}
