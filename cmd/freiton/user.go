package main

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign/desk"
)

func (c *cli) userCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "user", Short: "Users: agents, team leaders, supervisors, administrators, auditors, clients",
		Example: "  freiton user add ann --role agent\n  freiton user list",
		RunE:    group,
	}
	cmd.AddCommand(c.userAdd(), c.userChange(), c.userPassword(), c.userList())
	return cmd
}

func userTable(us []desk.UserInfo) table {
	t := table{head: []string{"user", "role", "team", "engaged", "headset", "password", "since", "recording consent"}}
	for _, u := range us {
		t.add(u.Name, u.Role, strings.Join(append(u.Clients, u.Team), " "), yes(u.Engaged), u.Headset, yes(u.Password), when(&u.Created), consentWords(u.RecordingConsent))
	}
	return t
}

// consentWords: given or withdrawn, since when, and who wrote it down.
func consentWords(c *desk.AgentConsent) string {
	switch {
	case c == nil:
		return "not asked"
	case c.Given:
		return "given " + when(&c.At) + " by " + c.By
	}
	return "withdrawn " + when(&c.At) + " by " + c.By
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (c *cli) userAdd() *cobra.Command {
	var u desk.NewUser
	var stdin bool
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add a user",
		Example: "  freiton user add ann --role agent --team berlin\n  freiton user add eva --role team-leader --team berlin\n  freiton user add ann --role agent --password-stdin < password.txt\n  freiton user add ben --role agent --headset sip:1002@pbx.example",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			u.Name = args[0]
			if stdin {
				if u.Password, err = c.password(); err != nil {
					return err
				}
			}
			return fetch(c, cmd.Context(), http.MethodPost, "/api/v1/users", u, func(u desk.UserInfo) table {
				return userTable([]desk.UserInfo{u})
			})
		},
	}
	cmd.Flags().StringVar(&u.Role, "role", "agent", "agent, team-leader, supervisor, administrator, auditor or client")
	cmd.Flags().StringVar(&u.Team, "team", "", "the agent's team; of a supervisor: sees only this team")
	cmd.Flags().StringArrayVar(&u.Clients, "client", nil, "of the role client: whose campaigns it sees, as \"client\" of the campaign has it; may be repeated")
	cmd.Flags().BoolVar(&u.Engaged, "engaged", false, "the agent's line is seized first, records stay blank until the answer (ASM)")
	cmd.Flags().StringVar(&u.Headset, "headset", "browser", "browser, device, device:NAME (a sound card of the server) or sip:NUMBER@PBX (a telephone, called while the user is logged in)")
	cmd.Flags().BoolVar(&u.RecordingConsent, "recording-consent", false, "the agent consents to being recorded: where the law asks for it, nothing is recorded without")
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "read the password from standard input; at a terminal it asks")
	return cmd
}

func (c *cli) userChange() *cobra.Command {
	var o struct {
		role, team, headset, reason string
		clients                     []string
		engaged, disabled, consent  bool
	}
	cmd := &cobra.Command{
		Use: "change NAME", Short: "Change a user's role, team and so on; what is not named stays",
		Example: "  freiton user change ann --team hamburg\n  freiton user change ben --disabled --reason 'has left'\n  freiton user change ann --recording-consent",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			u := desk.UserChange{Reason: o.reason}
			for name, set := range map[string]func(){
				"role": func() { u.Role = &o.role }, "team": func() { u.Team = &o.team }, "client": func() { u.Clients = &o.clients },
				"headset": func() { u.Headset = &o.headset }, "engaged": func() { u.Engaged = &o.engaged }, "disabled": func() { u.Disabled = &o.disabled },
				"recording-consent": func() { u.RecordingConsent = &o.consent },
			} {
				if cmd.Flags().Changed(name) {
					set()
				}
			}
			return fetch(c, cmd.Context(), http.MethodPut, "/api/v1/users/"+url.PathEscape(args[0]), u, func(u desk.UserInfo) table {
				return userTable([]desk.UserInfo{u})
			})
		},
	}
	cmd.Flags().StringVar(&o.role, "role", "", "agent, team-leader, supervisor, administrator, auditor or client")
	cmd.Flags().StringVar(&o.team, "team", "", "the team")
	cmd.Flags().StringArrayVar(&o.clients, "client", nil, "of the role client: whose campaigns it sees; may be repeated")
	cmd.Flags().StringVar(&o.headset, "headset", "", "browser, device, device:NAME (a sound card of the server) or sip:NUMBER@PBX (a telephone, called while the user is logged in)")
	cmd.Flags().BoolVar(&o.engaged, "engaged", false, "engaged (ASM)")
	cmd.Flags().BoolVar(&o.disabled, "disabled", false, "may not log in any more; --disabled=false takes it back")
	cmd.Flags().BoolVar(&o.consent, "recording-consent", false, "the agent consents to being recorded; --recording-consent=false takes it back")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the audit log")
	return cmd
}

func (c *cli) userPassword() *cobra.Command {
	return &cobra.Command{
		Use: "passwd NAME", Short: "Set a user's password, read from standard input",
		Example: "  freiton user passwd ann < password.txt", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			plain, err := c.password()
			if err != nil {
				return err
			}
			return c.admin(cmd.Context(), func(client *desk.Client) error {
				err := client.JSON(cmd.Context(), http.MethodPut, "/api/v1/users/"+url.PathEscape(args[0])+"/password", desk.Password{Password: plain}, nil)
				if err == nil {
					c.say("%s has a new password", args[0])
				}
				return err
			})
		},
	}
}

func (c *cli) userList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "All users", Example: "  freiton user list --output json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fetch(c, cmd.Context(), http.MethodGet, "/api/v1/users", nil, userTable)
		},
	}
}
