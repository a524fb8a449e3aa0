package desk

import "testing"

// A headset that cannot be one is refused when it is entered, not when its agent
// waits for it.
func TestValidHeadset(t *testing.T) {
	for headset, want := range map[string]bool{
		"browser": true, "device": true, "device:Jabra": true, "sip:1002@pbx.example": true, "sip:1002@pbx.example:5080;transport=tcp": true,
		"sip:192.0.2.7": true, "sip:[2001:db8::7]": true, "sip:desk.example": true,
		"": false, "device:": false, "Browser": false, "sip:": false, "sip:1002": false, "sip:@pbx.example": false, "sip:1002@": false,
		"1002@pbx.example": false, "tel:+4930": false, "sip:10 02@pbx.example": false, "<sip:1002@pbx.example>": false, "sip:1002@pbx.example>": false, "sip:1@2@pbx": false,
		"sip:1002@pbx.example\r\nX: y": false,
	} {
		if got := validHeadset(headset); got != want {
			t.Errorf("%q: %v", headset, got)
		}
	}
}
