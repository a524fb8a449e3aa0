package lab

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"embed"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"
)

//go:embed etc/*.conf
var etc embed.FS

// record is the step that records what came from the caller and, beside it,
// what was sent to it. The file's name has the call's id, so that a number
// called twice keeps both.
const record = "MixMonitor(,r(${REC}/${EXTEN}-${UNIQUEID}.wav)t(${REC}/${EXTEN}-${UNIQUEID}-sent.wav))"

// settings is what the templates of etc see.
type settings struct {
	Options
	Dir, Host, Modules, Data, Record string
	TLSPort                          int
	ModuleList, CDRFields, Phones    []string
	Accounts                         []Account
	Fates                            []plan
}

// render writes Asterisk's configuration into the work folder.
func render(l *Lab, t tree, o Options) error {
	modules, err := t.modules()
	if err != nil {
		return err
	}
	fates, err := Fates()
	if err != nil {
		return err
	}
	s := settings{Options: o, Dir: l.dir, Host: Host, Modules: modules, Data: t.data(), Record: record,
		TLSPort: l.tlsPort, ModuleList: moduleList(modules), CDRFields: cdrFields(), Accounts: Accounts()}
	s.Port = l.port
	s.RTPStart = cmp.Or(s.RTPStart, 10000)
	s.RTPEnd = cmp.Or(s.RTPEnd, 15999)
	s.Codecs = cmp.Or(s.Codecs, "alaw,ulaw,g722,opus")
	for _, a := range s.Accounts {
		s.Phones = append(s.Phones, a.User)
	}
	for _, f := range fates {
		if len(f.Steps) > 0 {
			s.Fates = append(s.Fates, plan{f})
		}
	}
	parsed, err := template.ParseFS(etc, "etc/*.conf")
	if err != nil {
		return err
	}
	for _, p := range parsed.Templates() {
		if err := renderFile(p, filepath.Join(l.dir, "etc", p.Name()), s); err != nil {
			return fmt.Errorf("render %s: %w", p.Name(), err)
		}
	}
	// Asterisk logs errors for these if they are not there at all.
	for _, name := range []string{"acl", "ccss", "cel", "features", "manager", "pjproject", "udptl"} {
		if err := os.WriteFile(filepath.Join(l.dir, "etc", name+".conf"), nil, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func renderFile(p *template.Template, path string, s settings) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return p.Execute(f, s)
}

// moduleList is every module the laboratory loads, those left out that this
// Asterisk was built without: the open Opus codec is a Debian addition.
func moduleList(dir string) []string {
	const wanted = `
		res_pjproject res_sorcery_config res_sorcery_memory res_sorcery_astdb
		res_timing_timerfd res_crypto res_rtp_asterisk res_srtp res_musiconhold
		res_format_attr_opus res_clioriginate res_cdrel_custom
		res_pjsip res_pjsip_session res_pjsip_sdp_rtp res_pjsip_pubsub
		res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest
		res_pjsip_endpoint_identifier_user res_pjsip_registrar res_pjsip_nat
		res_pjsip_caller_id res_pjsip_diversion res_pjsip_rfc3326
		res_pjsip_dtmf_info res_pjsip_empty_info res_pjsip_dlg_options
		res_pjsip_refer res_pjsip_path res_pjsip_acl res_pjsip_header_funcs
		res_pjsip_outbound_publish res_pjsip_exten_state res_pjsip_dialog_info_body_generator
		res_pjsip_pidf_body_generator res_pjsip_logger
		chan_pjsip pbx_config cdr_csv cdr_custom
		codec_alaw codec_ulaw codec_a_mu codec_g722 codec_resample codec_opus_open_source
		format_wav format_pcm format_sln
		bridge_simple bridge_softmix bridge_holding bridge_builtin_features
		app_dial app_playback app_echo app_milliwatt app_playtones app_record
		app_mixmonitor app_senddtmf app_read app_confbridge
		app_originate app_stack app_verbose app_exec app_cdr
		func_callerid func_channel func_cdr func_logic func_strings func_math
		func_timeout func_hangupcause func_pjsip_aor func_pjsip_contact func_pjsip_endpoint`
	var list []string
	for _, m := range strings.Fields(wanted) {
		m += ".so"
		if _, err := os.Stat(filepath.Join(dir, m)); err == nil {
			list = append(list, m)
		}
	}
	return list
}

// plan is a fate as the dialplan's template sees it.
type plan struct{ Fate }

// Patterns are the extensions that have this fate.
func (p plan) Patterns() []string {
	return []string{"6" + p.Code, "_+493012" + p.Code + "XXXX", "_493012" + p.Code + "XXXX"}
}

// Lines are its steps as priorities of the dialplan.
func (p plan) Lines() []string {
	var out []string
	for _, step := range p.Steps {
		priority, app := "n", step
		if label, rest, ok := strings.Cut(step, ": "); ok && !strings.ContainsAny(label, "(,") {
			priority, app = "n("+label+")", rest
		}
		if app == "RECORD" {
			app = record
		}
		out = append(out, priority+","+app)
	}
	return out
}

// writeCertificate makes the certificate and key of the TLS transport.
func writeCertificate(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	cert := &x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()),
		Subject:               pkix.Name{CommonName: "Freiton laboratory"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(30 * 24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.ParseIP(Host)},
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		return err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	pair := []struct {
		name, kind string
		bytes      []byte
	}{{"tls.pem", "CERTIFICATE", der}, {"tls.key", "PRIVATE KEY", pkcs8}}
	for _, p := range pair {
		text := pem.EncodeToMemory(&pem.Block{Type: p.kind, Bytes: p.bytes})
		if err := os.WriteFile(filepath.Join(dir, p.name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
