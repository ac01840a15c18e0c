package doctor

import (
	"context"
	"fmt"
	"strings"
)

// How much room must be left.
const (
	tight  = 2 << 30   // a cold build cache and a data set
	no     = 200 << 20 // a few cells
	perGiB = 1 << 30
)

// disk checks the room below the data directory and the folder for temporary files.
func (d *Doctor) disk(context.Context) Check {
	var found []string
	status := OK
	for _, dir := range []string{string(d.Home), d.Home.Temp()} {
		left, err := d.free(dir)
		if err != nil {
			return fail(d.setup(), "%v", err)
		}
		found = append(found, fmt.Sprintf("%.1f GiB free in %s", float64(left)/perGiB, dir))
		switch {
		case left < no:
			status = Fail
		case left < tight && status == OK:
			status = Warn
		}
	}
	c := Check{Status: status, Detail: strings.Join(found, ", ")}
	if status != OK {
		c.Fix = "make room, or set SSLKIT_HOME to a folder on a larger disk and " + d.setup()
	}
	return c
}
