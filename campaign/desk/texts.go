package desk

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// Texts are what a campaign gives its agents to say and read. Placeholders
// such as {name} are filled in by the page.
type Texts struct {
	Script      string   `json:"script"`
	Greeting    string   `json:"greeting"`
	Description string   `json:"description"`
	Link        string   `json:"link" doc:"screen pop"`
	NotReady    []string `json:"not_ready"`
	Recording   string   `json:"recording" enum:"off,on-demand,ask,announce,always" doc:"whether and how calls are recorded"`
}

// Response is a standard text to read aloud.
type Response struct {
	Path  string `json:"path" doc:"folders and file, joined by /"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

// How many texts a campaign may have, how long one, and all together, in bytes.
const (
	MaxResponses    = 500
	MaxResponse     = 64 << 10
	MaxResponseText = 1 << 20
)

// ResponseFile reports whether a file of the folder of responses, by its name,
// is one of them.
func ResponseFile(name string) bool {
	ext := path.Ext(name)
	return !strings.HasPrefix(path.Base(name), ".") && (ext == ".md" || ext == ".txt")
}

func (d *Desk) texts(api huma.API) {
	huma.Register(api, operation("texts", http.MethodGet, "/api/v1/campaigns/{name}/texts", campaign.RoleAgent,
		"Script, greeting and link of a campaign"),
		func(ctx context.Context, in *CampaignPath) (*body[Texts], error) {
			c, err := d.readable(ctx, in.Name)
			if err != nil {
				return nil, err
			}
			return reply(Texts{Script: c.Script, Greeting: c.Greeting, Description: c.Description, Link: c.Link, NotReady: listed(d.web.cfg.NotReady),
				Recording: string(cmp.Or(c.Recording.Mode, campaign.RecordingOff))}), nil
		})
	huma.Register(api, operation("responses", http.MethodGet, "/api/v1/campaigns/{name}/responses", campaign.RoleAgent,
		"Standard texts of a campaign, all or those with all words of q"),
		func(ctx context.Context, in *struct {
			CampaignPath
			Q string `query:"q" maxLength:"100"`
		}) (*body[[]Response], error) {
			c, err := d.readable(ctx, in.Name)
			if err != nil {
				return nil, err
			}
			rs, err := responses(c.Responses, strings.Fields(strings.ToLower(in.Q)))
			if err != nil {
				return nil, d.problem(err)
			}
			return reply(rs), nil
		})
}

// readable is a campaign whose texts the caller may read.
func (d *Desk) readable(ctx context.Context, name string) (campaign.Campaign, error) {
	mine, err := d.mine(ctx)
	if err != nil {
		return campaign.Campaign{}, err
	}
	if mine.campaigns != nil && !mine.campaigns[name] {
		return campaign.Campaign{}, problem(http.StatusNotFound, campaign.ReasonUnknownCampaign, "you are in no campaign "+name)
	}
	row, err := d.row(ctx, name)
	if err != nil {
		return campaign.Campaign{}, err
	}
	c, err := d.cfg.Documents.Parse(ctx, row)
	return c, d.problem(err)
}

// responses reads the texts of a folder, in the order of their names. Links
// that lead out of the folder are not followed.
func responses(folder string, words []string) ([]Response, error) {
	out := []Response{}
	if folder == "" {
		return out, nil
	}
	root, err := os.OpenRoot(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	total := 0
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() || !ResponseFile(name):
			return nil
		case len(out) >= MaxResponses || total >= MaxResponseText:
			return fs.SkipAll
		}
		f, err := root.Open(name)
		if err != nil {
			return nil // a link out, or gone meanwhile
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, MaxResponse))
		if err != nil {
			return err
		}
		r := response(name, strings.ToValidUTF8(string(b), "\uFFFD"))
		if r.has(words) {
			total += len(r.Text)
			out = append(out, r)
		}
		return nil
	})
	return out, err
}

// response takes a heading in the first line as the title.
func response(name, text string) Response {
	r := Response{Path: strings.TrimSuffix(name, path.Ext(name)), Text: text}
	r.Title = path.Base(r.Path)
	if first, rest, ok := strings.Cut(text, "\n"); ok && strings.HasPrefix(first, "# ") {
		r.Title, r.Text = strings.TrimSpace(first[2:]), strings.TrimLeft(rest, "\r\n")
	}
	return r
}

func (r Response) has(words []string) bool {
	all := strings.ToLower(r.Path + "\n" + r.Title + "\n" + r.Text)
	for _, w := range words {
		if !strings.Contains(all, w) {
			return false
		}
	}
	return true
}
