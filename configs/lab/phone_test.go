package lab

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/icholy/digest"
)

// phone is the least a SIP phone can be: one UDP socket.
type phone struct {
	net.Conn
	t    *testing.T
	l    *Lab
	cseq int
}

func newPhone(t *testing.T, l *Lab) *phone {
	t.Helper()
	c, err := net.Dial("udp", l.SIPAddr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &phone{Conn: c, t: t, l: l}
}

// next reads one message: its first line and its headers.
func (p *phone) next() (string, textproto.MIMEHeader) {
	p.t.Helper()
	if err := p.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		p.t.Fatal(err)
	}
	buf := make([]byte, 65536)
	n, err := p.Read(buf)
	if err != nil {
		p.t.Fatal(err)
	}
	r := textproto.NewReader(bufio.NewReader(strings.NewReader(string(buf[:n]))))
	line, err := r.ReadLine()
	if err != nil {
		p.t.Fatal(err)
	}
	head, err := r.ReadMIMEHeader()
	if err != nil {
		p.t.Fatal(err)
	}
	return line, head
}

// register sends one REGISTER and returns the answer.
func (p *phone) register(user, authorization string) (string, textproto.MIMEHeader) {
	p.t.Helper()
	p.cseq++
	at := p.LocalAddr().String()
	lines := []string{
		"REGISTER sip:" + p.l.SIPAddr() + " SIP/2.0",
		fmt.Sprintf("Via: SIP/2.0/UDP %s;rport;branch=z9hG4bK%d.%d", at, p.LocalAddr().(*net.UDPAddr).Port, p.cseq),
		fmt.Sprintf("From: <sip:%s@%s>;tag=%s", user, p.l.SIPAddr(), user),
		fmt.Sprintf("To: <sip:%s@%s>", user, p.l.SIPAddr()),
		"Call-ID: " + user + "@" + at,
		fmt.Sprintf("CSeq: %d REGISTER", p.cseq),
		fmt.Sprintf("Contact: <sip:%s@%s>", user, at),
		"Max-Forwards: 70", "Expires: 60", "Content-Length: 0",
	}
	if authorization != "" {
		lines = append(lines, "Authorization: "+authorization)
	}
	if _, err := fmt.Fprint(p, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		p.t.Fatal(err)
	}
	return p.next()
}

// login registers with a password and returns the algorithms that were offered
// and the last answer.
func (p *phone) login(user, password string) (offered []string, answer string) {
	p.t.Helper()
	answer, head := p.register(user, "")
	if !strings.Contains(answer, " 401 ") {
		p.t.Fatalf("%s: %q instead of a challenge", user, answer)
	}
	var chosen *digest.Challenge
	for _, c := range http.Header(head).Values("WWW-Authenticate") {
		parsed, err := digest.ParseChallenge(c)
		if err != nil {
			p.t.Fatal(err)
		}
		offered = append(offered, parsed.Algorithm)
		if chosen == nil {
			chosen = parsed
		}
	}
	cred, err := digest.Digest(chosen, digest.Options{
		Method: "REGISTER", URI: "sip:" + p.l.SIPAddr(), Username: user, Password: password,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	answer, _ = p.register(user, cred.String())
	return offered, answer
}

// TestAccounts registers every account by its own digest, one with a wrong
// password, and has the exchange call one of them.
func TestAccounts(t *testing.T) {
	l := Start(t, Options{})
	for _, a := range Accounts() {
		p := newPhone(t, l)
		offered, answer := p.login(a.User, a.Password)
		if got := strings.Join(offered, ","); !strings.EqualFold(got, a.Algorithms) {
			t.Errorf("%s was offered %s, want %s", a.User, got, a.Algorithms)
		}
		if !strings.Contains(answer, " 200 ") {
			t.Errorf("%s: %s", a.User, answer)
		}
		if err := l.WaitRegistered(a.User, true, 2*time.Second); err != nil {
			t.Error(err)
		}
		if a.User == "1001" {
			checkCalled(t, l, p)
		}
	}
	if _, answer := newPhone(t, l).login("1002", "wrong"); !strings.Contains(answer, " 401 ") {
		t.Errorf("wrong password: %s", answer)
	}
}

// checkCalled has the exchange ring a phone that says busy.
func checkCalled(t *testing.T, l *Lab, p *phone) {
	t.Helper()
	if err := l.Originate("PJSIP/1001", "Playtones", "1000"); err != nil {
		t.Fatal(err)
	}
	line, head := p.next()
	if !strings.HasPrefix(line, "INVITE sip:1001@") {
		t.Fatalf("the phone got %q", line)
	}
	if err := l.WaitChannels(1, time.Second); err != nil {
		t.Error(err)
	}
	answer := "SIP/2.0 486 Busy Here\r\n"
	for _, h := range []string{"Via", "From", "To", "Call-Id", "Cseq"} {
		answer += h + ": " + head.Get(h)
		if h == "To" {
			answer += ";tag=busy"
		}
		answer += "\r\n"
	}
	if _, err := fmt.Fprint(p, answer+"Content-Length: 0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := l.WaitChannels(0, 2*time.Second); err != nil {
		t.Error(err)
	}
}

// TestTLS sends OPTIONS over TLS, the exchange's certificate checked.
func TestTLS(t *testing.T) {
	l := Start(t, Options{})
	ca, err := os.ReadFile(l.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	c, err := tls.Dial("tcp", l.TLSAddr(), &tls.Config{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(c, "OPTIONS sip:%[1]s SIP/2.0\r\nVia: SIP/2.0/TLS %[2]s;branch=z9hG4bKtls;rport\r\n"+
		"From: <sip:1001@%[1]s>;tag=t\r\nTo: <sip:%[1]s>\r\nCall-ID: tls@%[2]s\r\nCSeq: 1 OPTIONS\r\n"+
		"Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n", l.TLSAddr(), c.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "SIP/2.0 ") {
		t.Errorf("answer over TLS: %q, %v", line, err)
	}
}

// TestNothingLeft kills a process that runs a laboratory: Asterisk must go too.
func TestNothingLeft(t *testing.T) {
	if os.Getenv("LAB_TEST_ORPHAN") != "" {
		l, err := New(t.Context(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("\nlab %d %s\n", l.pid, l.Dir())
		<-l.Done()
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNothingLeft$")
	cmd.Env = append(os.Environ(), "LAB_TEST_ORPHAN=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	var dir string
	for s := bufio.NewScanner(out); pid == 0 && s.Scan(); {
		_, _ = fmt.Sscanf(s.Text(), "lab %d %s", &pid, &dir)
	}
	if pid == 0 {
		t.Fatal("the other process started no laboratory")
	}
	defer os.RemoveAll(dir)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(5 * time.Second); alive(pid); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("Asterisk, process %d, outlived its test", pid)
		}
	}
}

// alive says whether a process runs; one that nobody has waited for does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(after, "Z")
}

// TestInstall runs the installation twice at once, where all is there and where
// nothing can be written.
func TestInstall(t *testing.T) {
	want, err := install(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if got, err := install(t.Context(), nil); err != nil || got != want {
				t.Errorf("installed in %q, %v; want %q", got, err, want)
			}
		})
	}
	wg.Wait()
	if want == "/" {
		return
	}
	t.Setenv("FREITON_LAB_CACHE", "/dev/null/cache")
	_, err = install(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "cannot write to /dev/null/cache") {
		t.Errorf("a cache that cannot be written: %v", err)
	}
}
