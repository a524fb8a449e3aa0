package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/freiton/freiton/configs"
)

func (c *cli) configCommand() *cobra.Command {
	var effective bool
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the commented default configuration",
		Long: `Prints the configuration with every key, its default and what it means: the
file to begin with. With --effective: what is in force once the file, the
variables and the command line have been read, passwords hidden. With
--output json: the same as data.`,
		Example: `  freiton config > freiton.yaml
  freiton config --effective --config freiton.yaml --set dial.ring_timeout=40s`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if !effective && !c.output.json {
				_, err := fmt.Fprint(c.out, configs.Manual())
				return err
			}
			cfg, err := configs.Load("", nil, nil)
			if effective {
				cfg, err = c.load()
			}
			if err != nil {
				return err
			}
			return c.showConfig(cfg)
		},
	}
	cmd.Flags().BoolVar(&effective, "effective", false, "what is in force, instead of the defaults")
	return cmd
}

func (c *cli) showConfig(cfg configs.Config) error {
	text, err := configs.MarshalConfig(cfg)
	if err != nil {
		return err
	}
	if !c.output.json {
		_, err = c.out.Write(text)
		return err
	}
	return c.showDocument(text)
}

// showDocument prints YAML as data.
func (c *cli) showDocument(text []byte) error {
	var data any
	if err := yaml.Unmarshal(text, &data); err != nil {
		return err
	}
	return printJSON(c.out, data)
}
