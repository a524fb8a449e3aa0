package desk

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/freiton/freiton/campaign"
)

// PreferenceChange is what a user chooses for herself, on every machine.
type PreferenceChange struct {
	Language   *string   `json:"language,omitempty" enum:"de,en"`
	Favourites *[]string `json:"favourites,omitempty" maxItems:"200" doc:"responses, by path"`
}

// The names of preferences in the store.
const (
	keptLanguage   = "language"
	keptFavourites = "favourites"
)

// preferences are a user's own; none while the store does not answer.
func (d *Desk) preferences(ctx context.Context, user campaign.AgentID) (language string, favourites []string) {
	language, err := d.cfg.Store.Preference(ctx, user, keptLanguage)
	kept, err2 := d.cfg.Store.Preference(ctx, user, keptFavourites)
	if err == nil {
		err = err2
	}
	if err == nil && kept != "" {
		err = json.Unmarshal([]byte(kept), &favourites)
	}
	if err != nil {
		d.cfg.Log.Warn("preferences", "user", user, "err", err)
	}
	return language, listed(favourites)
}

func (d *Desk) setPreferences(ctx context.Context, in *struct{ Body PreferenceChange }) (*struct{}, error) {
	user := who(ctx).user
	if l := in.Body.Language; l != nil {
		if err := d.cfg.Store.PutPreference(ctx, user, keptLanguage, *l); err != nil {
			return nil, d.problem(err)
		}
	}
	if fs := in.Body.Favourites; fs != nil {
		for _, f := range *fs {
			if len(f) > 500 {
				return nil, problem(http.StatusUnprocessableEntity, campaign.ReasonBadInput, "favourites: a path of 500 bytes at most")
			}
		}
		b, err := json.Marshal(listed(*fs))
		if err == nil {
			err = d.cfg.Store.PutPreference(ctx, user, keptFavourites, string(b))
		}
		return nil, d.problem(err)
	}
	return nil, nil
}
