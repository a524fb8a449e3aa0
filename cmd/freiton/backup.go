package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/store/sqlite"
)

func (c *cli) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Write a consistent copy of the store to a new file",
		Long: `Writes a consistent copy of the store (lists, records, attempts, do-not-call,
campaigns, users) to a new file, also while a server runs. Recordings are files
in the data folder: copy them as such.`,
		Example: "  freiton backup /backup/freiton-2026-11-22.db", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := filepath.Abs(args[0])
			if err != nil {
				return usage("%v", err)
			}
			return c.admin(cmd.Context(), func(client *desk.Client) error {
				err := client.JSON(cmd.Context(), http.MethodPost, "/api/v1/backup", desk.BackupRequest{File: file}, nil)
				if refused := (*desk.Error)(nil); errors.As(err, &refused) {
					return err
				}
				if err == nil {
					c.say("written: %s", file)
				}
				return err
			})
		},
	}
}

func (c *cli) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use: "restore FILE", Short: "Put a backup in the place of the store",
		Long: `Checks a backup and puts a copy of it in the place of the store. No server may
run on the data folder. What was there is kept beside it, as ` + storeFile + `.before-restore.`,
		Example: "  freiton restore /backup/freiton-2026-11-22.db", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			if _, err := os.Stat(args[0]); err != nil {
				return usage("%v", err)
			}
			folder, err := openFolder(cmd.Context(), string(cfg.Data))
			if err != nil {
				return err
			}
			defer folder.Close()
			if _, shared := cfg.Store.Postgres(); shared {
				return fmt.Errorf("restore: the store is a PostgreSQL database: use pg_restore --dbname=%s FILE", cfg.Store)
			}
			if err := sqlite.Restore(cmd.Context(), args[0], folder.in(storeFile)); err != nil {
				return err
			}
			c.say("restored from %s", args[0])
			return nil
		},
	}
}
