package lab

import "fmt"

// ConfigYAML is a freiton.yaml that dials this exchange as the given account.
func (l *Lab) ConfigYAML(user string) string {
	password := ""
	for _, a := range Accounts() {
		if a.User == user {
			password = a.Password
		}
	}
	return fmt.Sprintf(`sip:
  listen: [udp://%[1]s:5070, tcp://%[1]s:5070]
  accounts:
    - name: lab
      address: sip:%[2]s@%[3]s
      registrar: sip:%[3]s;transport=udp
      username: %[2]q
      password: %[4]q
      caller_id_in: pai
      max_calls: 50
dial:
  account: lab
  uri: "sip:{number}@%[3]s"
  country: lab
  default_country: DE
  allow: ["+493012", "6xx", "100x"]
  caller_ids: ["+4930901820"]
  ring_timeout: 10s
  calls_per_second: 20
media: {ip: %[1]s, ports: 16384-32767, codecs: [pcma, pcmu]}
`, Host, user, l.SIPAddr(), password)
}
