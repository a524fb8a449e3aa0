package main

import (
	"errors"
	"net/http"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign/desk"
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
