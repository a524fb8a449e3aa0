package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/configs"
)

// Administration is the same request either way: over the socket of the server
// that holds the data folder's lock, or to a desk in this process that holds it.

// deskConfig is a desk over a store.
func deskConfig(cfg configs.Config, store vaultStore, control desk.Control, dataDir string, log *slog.Logger) desk.Config {
	docs := documents{cfg, dataDir, store}
	return desk.Config{
		Version: thisBuild().Version, Store: store, Control: control, Lists: listFiles{store, cfg},
		Documents: docs, Texts: campaignTexts{docs}, Ledger: store,
		Why: func(ctx context.Context, r campaign.Record) (string, error) {
			return whyNot(ctx, docs, store, r)
		},
		Prospect: func(ctx context.Context, name string) (campaign.Prospect, error) {
			c, err := campaignWith(ctx, docs, store, func(c campaign.Campaign) bool { return c.Name == name })
			if err != nil {
				return campaign.Prospect{}, err
			}
			return store.Prospect(ctx, &c, time.Now())
		},
		Report: func(ctx context.Context, name string) (func(io.Writer) error, error) {
			return reportOf(ctx, docs, store, name)
		},
		Number: func(raw string) (string, error) {
			n, err := campaign.ParseNumber(raw, cfg.Dial.DefaultCountry, cfg.Allowed())
			return n.E164, err
		},
		HashPassword: func(plain string) (string, error) { return argon2id.CreateHash(plain, argon2id.DefaultParams) },
		Now:          time.Now,
		Log:          log,
	}
}

// campaignWith is the first campaign of the store whose document is as asked for.
func campaignWith(ctx context.Context, docs documents, store vaultStore, which func(campaign.Campaign) bool) (campaign.Campaign, error) {
	rows, err := store.Campaigns(ctx)
	if err != nil {
		return campaign.Campaign{}, err
	}
	for _, row := range rows {
		c, err := docs.Parse(ctx, row)
		if err == nil && which(c) {
			return c, nil
		}
	}
	return campaign.Campaign{}, campaign.ErrNotFound
}

func reportOf(ctx context.Context, docs documents, store vaultStore, name string) (write func(io.Writer) error, err error) {
	c, err := campaignWith(ctx, docs, store, func(c campaign.Campaign) bool { return c.Name == name })
	if err != nil {
		return nil, err
	}
	return func(w io.Writer) error {
		return campaign.WriteReport(ctx, w, store, campaign.ReportQuery{Campaign: name, Lists: c.Lists, DataDir: docs.data})
	}, nil
}

// admin runs one administrative request.
func (c *cli) admin(ctx context.Context, do func(*desk.Client) error) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	v, err := openVault(ctx, cfg, c.log())
	if errors.Is(err, errInUse) && served(ctx, string(cfg.Data)) {
		return typed(do(desk.Dial(string(cfg.Data))))
	}
	if err != nil {
		return err
	}
	if err := v.persons(nil).finishAll(ctx); err != nil {
		c.log().Error("an erasure is not finished; it is tried again at the next start", "err", err)
	}
	return errors.Join(typed(do(v.desk(nil).Local())), v.Close())
}

// typed makes a mistake of the command line of what the desk could not read:
// nothing was tried.
func typed(err error) error {
	if refused := (*desk.Error)(nil); errors.As(err, &refused) &&
		(refused.Status == http.StatusBadRequest || refused.Status == http.StatusUnprocessableEntity) {
		return &usageError{err}
	}
	return err
}

// fetch gets a JSON answer and shows it, as a table made of it by rows.
func fetch[T any](c *cli, ctx context.Context, method, path string, in any, rows func(T) table) error {
	return c.admin(ctx, func(client *desk.Client) error {
		var out T
		if err := client.JSON(ctx, method, path, in, &out); err != nil {
			return err
		}
		return c.show(out, rows(out))
	})
}

// send uploads a file with progress on a terminal. The answer is decoded into
// out.
func (c *cli) send(ctx context.Context, method, path, contentType, file string, decode func(io.Reader) error) error {
	f, err := os.Open(file)
	if err != nil {
		return usage("%v", err)
	}
	defer f.Close()
	return c.admin(ctx, func(client *desk.Client) error {
		body, done := c.metered(f)
		r, err := client.Do(ctx, method, path, contentType, body)
		done()
		if err != nil {
			if refused := (*desk.Error)(nil); errors.As(err, &refused) && refused.Refused() {
				return usage("%s: %v", file, err)
			}
			return err
		}
		defer r.Close()
		return decode(r)
	})
}

// metered shows how far a file has been read.
func (c *cli) metered(f *os.File) (r io.Reader, done func()) {
	out, ok := c.err.(*os.File)
	info, err := f.Stat()
	if err != nil || !ok || !term.IsTerminal(int(out.Fd())) {
		return f, func() {}
	}
	bar := progressbar.NewOptions64(info.Size(), progressbar.OptionSetWriter(out), progressbar.OptionShowBytes(true),
		progressbar.OptionSetDescription(info.Name()), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	return io.TeeReader(f, bar), func() { _ = bar.Finish() }
}

// when formats a moment for people; "" when there is none.
func when(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// password reads a password from standard input: its first line, spaces
// included. At a terminal it is asked for, and not shown.
func (c *cli) password() (string, error) {
	var line string
	var err error
	if f, ok := c.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(c.err, "password: ")
		var typed []byte
		typed, err = term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(c.err)
		line = string(typed)
	} else if line, err = bufio.NewReader(io.LimitReader(c.in, 1024)).ReadString('\n'); errors.Is(err, io.EOF) {
		err = nil // the end of the line is not needed
	}
	line = strings.TrimRight(line, "\r\n")
	if err != nil || line == "" {
		return "", usage("no password on standard input: write it as one line")
	}
	return line, nil
}
