package sip

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// What a trace keeps is bounded, has no secret in it, and tells a registration
// from a call.
func TestTraceKeepsNoSecret(t *testing.T) {
	tr := NewTrace(1 << 20)
	here, there := netip.MustParseAddrPort("127.0.0.1:5070"), netip.MustParseAddrPort("127.0.0.1:5060")
	invite := "INVITE sip:+493023125000@pbx SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\nf: \"Ann Lee\" <sip:1001@pbx>;tag=1\r\n" +
		"To: \"Jonas\" <sip:+493023125000@pbx>\r\nCall-ID: a@b\r\nCSeq: 1 INVITE\r\nProxy-Authorization: Digest username=\"1001\",\r\n response=\"0123456789abcdef\"\r\n" +
		"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s"
	body := "v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\nSignal=5\r\n"
	tr.note(true, "udp", here, there, fmt.Appendf(nil, invite, len(body), body))
	tr.note(false, "udp", here, there, []byte("SIP/2.0 486 Busy Here\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:1001@pbx>;tag=1\r\nTo: <sip:+493023125000@pbx>;tag=2\r\nCall-ID: a@b\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"))
	tr.note(true, "udp", here, there, []byte("\r\n\r\n"))
	tr.note(true, "udp", here, there, []byte("no message of ours at all\r\n\r\n"))
	all := tr.Calls("023125", 10)
	if len(all) != 1 || len(all[0].Messages) != 2 || all[0].Messages[1].Line != "486 Busy Here" || all[0].Messages[1].Method != "INVITE" || all[0].Messages[0].To != "sip:+493023125000@pbx" {
		t.Fatalf("kept %+v", all)
	}
	text := all[0].Messages[0].Text
	if len(text) != len(fmt.Sprintf(invite, len(body), body)) {
		t.Error("the length has changed")
	}
	for _, secret := range []string{"0123456789abcdef", "username", "d0RmdmcmVC", "Signal=5"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is kept:\n%s", secret, text)
		}
	}
	for _, file := range []string{string(all[0].Text()), string(all[0].Pcap())} {
		for _, private := range []string{"23125000", "Ann Lee", "Jonas", "0123456789abcdef"} {
			if strings.Contains(file, private) {
				t.Errorf("%q leaves with the export:\n%s", private, file)
			}
		}
		if !strings.Contains(file, "486 Busy Here") || !strings.Contains(file, "sip:+493xxxxxxxxx@pbx") {
			t.Errorf("the export does not say what happened:\n%s", file)
		}
	}
	if p := all[0].Pcap(); binary.LittleEndian.Uint32(p) != 0xa1b2c3d4 || int(binary.LittleEndian.Uint32(p[32:])) != 28+len(text) {
		t.Errorf("no capture file: % x", p[:44])
	}
	if n, since := tr.Kept(); n != 1 || since.After(all[0].Messages[0].At) {
		t.Errorf("%d calls kept since %s", n, since)
	}
	if len(tr.Calls("nobody", 10)) != 0 || len(tr.Call("c@d").Messages) != 0 {
		t.Error("calls that never were")
	}

	tr = NewTrace(8 << 10)
	for i := range 300 {
		tr.note(true, "tcp", here, there, fmt.Appendf(nil, "OPTIONS sip:pbx SIP/2.0\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: %d\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n", i))
		tr.note(true, "tcp", here, there, []byte("REGISTER sip:pbx SIP/2.0\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: r\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n"))
	}
	if tr.size > 8<<10 || len(tr.calls) != len(tr.order) || len(tr.Call("299").Messages) != 1 || len(tr.Call("0").Messages) != 0 {
		t.Errorf("%d bytes of %d calls kept", tr.size, len(tr.calls))
	}
	if n, since := tr.Kept(); n != len(tr.order) || !since.Equal(tr.calls[tr.order[0]].Messages[0].At) {
		t.Errorf("%d calls kept since %s", n, since)
	}
	var none *Trace
	none.note(true, "udp", here, there, []byte("OPTIONS sip:pbx SIP/2.0\r\n\r\n"))
}
