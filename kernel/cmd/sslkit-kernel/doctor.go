package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gossl/gossl/kernel/install/doctor"
	"github.com/gossl/gossl/kernel/install/home"
)

func doctorCommand() *cobra.Command {
	var asJSON, clean bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the installation and say how to mend it; exit status 1: a check failed, 2: the kernel does not start",
		Example: `  sslkit-kernel doctor
  sslkit-kernel doctor --clean
  sslkit-kernel doctor --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h := home.Find()
			repo, _ := checkout() // outside of one the doctor looks at the installed kernel's
			d := doctor.New(h, repo)
			d.Clean = clean
			report, err := examine(cmd, d, asJSON)
			if cmd.Context().Err() != nil {
				return context.Cause(cmd.Context())
			}
			return errors.Join(err, report.Err())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an array of the checks")
	cmd.Flags().BoolVar(&clean, "clean", false, "remove what killed kernels left in the folder for temporary files")
	return cmd
}

// examine makes the checks and prints their results.
func examine(cmd *cobra.Command, d *doctor.Doctor, asJSON bool) (doctor.Report, error) {
	out := cmd.OutOrStdout()
	if asJSON {
		report := d.Run(cmd.Context(), doctor.Silent{})
		return report, report.JSON(out)
	}
	table := doctor.Table{Out: out, Live: out == os.Stdout && term.IsTerminal(int(os.Stdout.Fd()))}
	report := d.Run(cmd.Context(), table)
	table.Summary(report)
	return report, nil
}
